package import BuildModel

extension LayerMemo {
    /// Whether a farm knows more.
    package var isShared: Bool { farm != nil }

    /// Asks the farm for what this node does not know, all keys at once.
    ///
    /// - Returns: whether everything is known now.
    /// - Throws: what the farm's memory throws; `BuildFailure` with code `system` if the journal cannot be written.
    package func learn(_ keys: [Digest]) async throws -> Bool {
        let lacking = try unknown(keys)
        guard let farm, !lacking.isEmpty else { return lacking.isEmpty }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for key in lacking {
                group.addTask {
                    guard let value = try await farm.recall(key) else { return false }
                    return try await self.adopt(value, for: key)
                }
            }
            var learnt = 0
            for try await isKnown in group where isKnown { learnt += 1 }
            return learnt == lacking.count
        }
    }

    /// The keys under which this node remembers nothing.
    ///
    /// - Throws: `BuildFailure` with code `system` if the journal cannot be read.
    package func unknown(_ keys: [Digest]) throws(BuildFailure) -> [Digest] {
        var unknown: [Digest] = []
        for key in keys where try value(for: key) == nil { unknown.append(key) }
        return unknown
    }

    /// Tells the farm what this node knows, all keys at once. Layers are told before a registry has them: whoever lacks the bytes
    /// makes them from the same tree.
    ///
    /// - Throws: as `learn`.
    package func share(_ keys: [Digest]) async throws {
        guard let farm else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for key in keys {
                guard let value = try value(for: key) else { continue }
                group.addTask { try await farm.remember(value, for: key) }
            }
            try await group.waitForAll()
        }
    }
}

internal import BuildModel
internal import ImageBuild

/// What other nodes of the farm have made already. The farm's memory only saves work: where it fails, the build goes on.
extension LayerMaking {
    /// Asks the farm for all layers of the tree.
    ///
    /// - Returns: whether they are known now.
    func learnAll() async -> Bool {
        guard memo.isShared else { return false }
        _ = await attemptLearning { [try wholeKey.noteKey, project] }
        return await attemptLearning {
            guard let parts = try knownParts() else { return nil }
            return try keys(of: parts)
        }
    }

    /// Asks the farm for some layers.
    func learn(_ parts: [TreePart]) async {
        guard memo.isShared else { return }
        _ = await attemptLearning { try keys(of: parts) }
    }

    /// Tells the farm what was made.
    func share(_ parts: [TreePart]) async {
        do {
            try await memo.share(try keys(of: parts) + [try wholeKey.noteKey, project, attributesKey])
        } catch {
            log.say("The farm cannot be told of these layers: \(error)", .assembling)
        }
    }

    private func keys(of parts: [TreePart]) throws -> [Digest] { try parts.map { try key(of: $0).digest } }

    private func attemptLearning(_ keys: () throws -> [Digest]?) async -> Bool {
        do {
            guard let keys = try keys() else { return false }
            let lacking = try memo.unknown(keys)
            let isAll = try await memo.learn(keys)
            learnt.insert(Set(lacking).subtracting(try memo.unknown(lacking)))
            return isAll
        } catch {
            log.say("The farm's layers cannot be asked for: \(error)", .assembling)
            return false
        }
    }
}

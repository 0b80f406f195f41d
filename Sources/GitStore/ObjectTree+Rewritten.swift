internal import BuildModel
internal import CGit2

extension ObjectTree {
    /// Entries that are compared at most: trees that have each other's names again and again may be without end.
    private static let mostCompared = 100_000

    func rewrittenFiles(since earlier: ObjectID, limit: Int) throws -> [[UInt8]]? {
        do {
            return try rewritten(since: earlier, limit: limit)
        } catch let failure as BuildFailure where failure.fault == .cancelled {
            throw failure
        } catch {
            // The earlier tree may be gone since, or of another repository; what is wrong with this one is said by who reads it.
            return nil
        }
    }

    /// Reads two trees side by side where they differ; both are in git's order.
    private func rewritten(since earlier: ObjectID, limit: Int) throws -> [[UInt8]]? {
        var (files, compared): ([[UInt8]], Int) = ([], 0)
        var pending = earlier == id ? [] : [(old: earlier, new: id, prefix: [UInt8]())]
        while let (old, new, prefix) = pending.popLast() {
            let (before, after) = (try records(of: old), try records(of: new))
            while let record = try after.next() {
                try checkCancellation()
                compared += 1
                guard compared <= Self.mostCompared, let former = try before.next(), former.mode == record.mode,
                    unsafe former.name.elementsEqual(record.name)
                else { return nil }
                guard !record.hasObject(of: former) else { continue }
                let path = unsafe prefix + Array(record.name)
                switch record.kind {
                case .directory:
                    pending.append((ObjectID(former.form), ObjectID(record.form), path + [UInt8(ascii: "/")]))
                case .submodule: return nil
                case .file, .executable, .symbolicLink: files.append(path)
                }
                guard files.count <= limit else { return nil }
            }
            guard try before.next() == nil else { return nil }
        }
        return files
    }
}

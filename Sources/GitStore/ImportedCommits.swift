internal import BuildModel
internal import Platform

/// Which commits a directory outside git was taken in as, and when that was last so.
struct ImportedCommits {
    private struct Record {
        var commit: ObjectID
        /// Milliseconds since 1970.
        var time: Int64
    }

    /// The latest comes last.
    private var records: [Record] = []

    init() {}

    /// - Parameter bytes: what `bytes` was; lines that it did not write are left out.
    init(_ bytes: [UInt8]) {
        records = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let time = Int64(words[0]), let commit = ObjectID(hex: String(words[1])) else {
                return nil
            }
            return Record(commit: commit, time: time)
        }
    }

    var bytes: [UInt8] { Array(records.map { "\($0.time) \($0.commit.hex)\n" }.joined().utf8) }

    /// The latest one, and the others of a time.
    ///
    /// - Parameter start: milliseconds since 1970.
    func latest(since start: Int64) -> [ObjectID] {
        records.dropLast().filter { $0.time >= start }.map(\.commit) + records.suffix(1).map(\.commit)
    }

    /// Adds a commit that is taken in now, and forgets those of before a time.
    mutating func add(_ commit: ObjectID, at now: Int64, since start: Int64) {
        records.removeAll { $0.commit == commit || $0.time < start }
        records.append(Record(commit: commit, time: now))
    }
}

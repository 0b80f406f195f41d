internal import BuildModel
internal import Platform

/// Which files a directory had when it was taken in before, and which objects they became.
///
/// A file is known by all that the system says of it: which one it is, its size, and both its times. Whoever writes to a file changes the
/// second time, which nobody can set. What had changed shortly before it was read is not noted: it might change again at
/// what a coarse clock calls the same time.
struct ImportedFiles {
    private struct State: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var modified: FileTime
        var changed: FileTime
    }

    /// Seven numbers and an id.
    private static let recordSize = 7 * 8 + 20
    private static let digestSize = 32

    private var known: [State: ObjectID] = [:]
    private var seen: [(state: State, id: ObjectID)] = []
    /// What changed later is not noted.
    private let newest: FileTime

    /// Nothing was taken in.
    ///
    /// - Parameter newest: what changed later is not noted.
    init(newest: FileTime) { self.newest = newest }

    /// - Parameter bytes: what `bytes` was; nothing is known of anything else.
    init(_ bytes: [UInt8], newest: FileTime) {
        self.newest = newest
        let records = bytes.dropFirst(Self.digestSize)
        guard bytes.count >= Self.digestSize, records.count % Self.recordSize == 0,
            Hexadecimal.encode(bytes.prefix(Self.digestSize)) == Digest(of: Array(records)).hex
        else { return }
        known.reserveCapacity(records.count / Self.recordSize)
        for start in stride(from: records.startIndex, to: records.endIndex, by: Self.recordSize) {
            let numbers = (0..<7).map { Self.number(in: bytes, at: start + 8 * $0) }
            let state = State(
                device: UInt64(bitPattern: numbers[0]),
                inode: UInt64(bitPattern: numbers[1]),
                size: numbers[2],
                modified: FileTime(seconds: numbers[3], nanoseconds: numbers[4]),
                changed: FileTime(seconds: numbers[5], nanoseconds: numbers[6])
            )
            known[state] = ObjectID(bytes: Array(bytes[start + 56..<start + Self.recordSize]))
        }
    }

    /// What is noted of this time, for the next one.
    var bytes: [UInt8] {
        var records: [UInt8] = []
        records.reserveCapacity(seen.count * Self.recordSize)
        for (state, id) in seen {
            let numbers = [
                Int64(bitPattern: state.device), Int64(bitPattern: state.inode), state.size,
                state.modified.seconds, state.modified.nanoseconds, state.changed.seconds, state.changed.nanoseconds,
            ]
            for number in numbers {
                for shift in 0..<8 { records.append(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
            }
            records += Hexadecimal.decode(id.hex) ?? []
        }
        return (Hexadecimal.decode(Digest(of: records).hex) ?? []) + records
    }

    /// The object of a file that is as it was.
    func id(of status: FileStatus) -> ObjectID? { known[Self.state(of: status)] }

    /// - Parameter status: from before the file was read.
    mutating func note(_ status: FileStatus, _ id: ObjectID) {
        guard max(status.modified, status.changed) < newest else { return }
        seen.append((Self.state(of: status), id))
    }

    private static func state(of status: FileStatus) -> State {
        State(
            device: status.identity.device,
            inode: status.identity.inode,
            size: status.size,
            modified: status.modified,
            changed: status.changed
        )
    }

    /// The lowest byte first.
    private static func number(in bytes: [UInt8], at offset: Int) -> Int64 {
        (0..<8).reduce(0) { $0 | Int64(bytes[offset + $1]) << (8 * Int64($1)) }
    }
}

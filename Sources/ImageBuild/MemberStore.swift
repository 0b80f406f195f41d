package import BuildModel
internal import Compression
internal import Platform
internal import Synchronization

/// Compressed members of layers that were made on this node, so that a changed file costs the compression of its member alone.
///
/// One file for each member, named by what determines it, with a checksum at its end: what is torn or damaged counts as lacking.
/// When the files have grown past the limit, those that nobody asked for the longest go. Any number of processes may share the
/// directory. Losing it costs time and nothing else, so failures to write never end a build; they are told by `failure`.
package final class MemberStore: Sendable {
    private struct State {
        /// Bytes in the directory, as far as this process knows; nil until it has looked.
        var size: Int64?
        var failure: BuildFailure?
    }

    private static let checksumSize = 16

    private let directory: String
    private let limit: Int64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - directory: made if it is not there; holds nothing else.
    ///   - limit: bytes at most, give or take what is written at the same time.
    /// - Throws: `BuildFailure` with code `system` that names the directory.
    package init(directory: String, limit: Int64) throws(BuildFailure) {
        try Directories.create(directory, mode: 0o700)
        self.directory = directory
        self.limit = limit
    }

    /// The last reason why a member could not be kept, told once.
    package func takeFailure() -> BuildFailure? {
        state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
    }

    /// Whether a member is there; reading it may still show that it is damaged.
    func has(_ key: Digest) -> Bool { Files.exists(path(key)) }

    /// A member's bytes; nil if it is lacking or damaged.
    func member(for key: Digest) -> [UInt8]? {
        do {
            var bytes = try Files.bytes(of: try FileContent(path: path(key)))
            guard bytes.count > Self.checksumSize else { return nil }
            let checksum = Array(bytes.suffix(Self.checksumSize))
            bytes.removeLast(Self.checksumSize)
            guard Self.checksum(of: bytes, key) == checksum else { return nil }
            try Files.touch(path(key))
            return bytes
        } catch {
            // Another process may just have removed it. Whatever it is, the member is made again.
            return nil
        }
    }

    /// Keeps a member.
    func keep(_ member: [UInt8], for key: Digest) {
        do {
            let checksum = Self.checksum(of: member, key)
            try Files.writeInOneStep(member, checksum, to: path(key))
            try makeRoom(for: Int64(member.count + checksum.count))
        } catch {
            state.withLock { $0.failure = error }
        }
    }

    private func makeRoom(for added: Int64) throws(BuildFailure) {
        let isOver = try state.withLock { (state) throws(BuildFailure) in
            if let size = state.size {
                state.size = size + added
            } else {
                state.size = try Directories.files(in: directory).reduce(0) { $0 + $1.size }
            }
            guard let size = state.size, size > limit else { return false }
            // Whoever finds it full sweeps it; the others go on meanwhile.
            state.size = 0
            return true
        }
        if isOver { try sweep() }
    }

    private func sweep() throws(BuildFailure) {
        let files = try Directories.files(in: directory)
        var size = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.modified < $1.modified }) where size > limit / 10 * 9 {
            try Files.remove("\(directory)/\(file.name)")
            size -= file.size
        }
        state.withLock { $0.size = ($0.size ?? 0) + size }
    }

    private func path(_ key: Digest) -> String { "\(directory)/\(key.hex)" }

    /// Twelve bytes of the key and a CRC: enough against torn, damaged and exchanged files. What is uploaded is hashed anyway.
    private static func checksum(of member: [UInt8], _ key: Digest) -> [UInt8] {
        let crc = unsafe member.withUnsafeBytes { unsafe Checksum.crc32($0) }
        let name = (Hexadecimal.decode(key.hex.prefix(24)) ?? []).prefix(12)
        return name + (0..<4).map { UInt8(truncatingIfNeeded: crc >> (8 * $0)) }
    }
}

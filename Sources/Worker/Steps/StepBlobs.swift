internal import BuildModel
internal import Platform

/// Compressed layers of steps on this node, by digest: what later builds push or stand on without running the step again.
///
/// Those that nobody asked for the longest go when there are too many bytes. Any number of processes may share the directory.
struct StepBlobs: Sendable {
    let directory: String
    /// Bytes at most, give or take what is written at the same time.
    let limit: Int64

    /// - Throws: `BuildFailure` with code `system` that names the directory.
    init(directory: String, limit: Int64) throws(BuildFailure) {
        try Directories.create(directory, mode: 0o700)
        self.directory = directory
        self.limit = limit
    }

    /// The bytes of a blob; nil if they are not here.
    func content(_ digest: Digest, size: Int64) -> (any BlobContent)? {
        // Whoever sweeps the directory may take a file away at any moment; one that is open stays.
        guard Files.exists(path(digest)), let content = try? FileContent(path: path(digest)), content.size == size
        else {
            return nil
        }
        try? Files.touch(path(digest))
        return content
    }

    /// Keeps a copy, and returns it.
    func keep(_ content: any BlobContent, _ digest: Digest) throws(BuildFailure) -> any BlobContent {
        let file = try StagedFile(in: directory, prefix: Self.partial)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: Int64 = 0
        while offset < content.size {
            let count = try Self.read(content, at: offset, into: &buffer)
            guard count > 0 else { break }
            try Self.append(buffer[..<count], to: file)
            offset += Int64(count)
        }
        try file.commit(as: path(digest), mode: 0o600)
        let kept = try FileContent(path: path(digest))
        try sweep()
        return kept
    }

    private static let partial = ".partial-"
    /// Partial files of processes that are gone are older than this.
    private static let partialAge: Int64 = 86_400 * 1_000_000_000

    private func path(_ digest: Digest) -> String { "\(directory)/\(digest.hex)" }

    private func sweep() throws(BuildFailure) {
        let files = try Directories.files(in: directory)
        let newest = files.map(\.modified).max() ?? 0
        for file in files where file.name.hasPrefix(Self.partial) && file.modified < newest - Self.partialAge {
            try Files.remove("\(directory)/\(file.name)")
        }
        var size = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { $0.modified < $1.modified }).dropLast() where size > limit {
            guard !file.name.hasPrefix(Self.partial) else { continue }
            try Files.remove("\(directory)/\(file.name)")
            size -= file.size
        }
    }

    private static func read(
        _ content: any BlobContent,
        at offset: Int64,
        into bytes: inout [UInt8]
    ) throws(BuildFailure) -> Int {
        let result: Result<Int, BuildFailure> = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(BuildFailure) in try content.read(at: offset, into: buffer) }
        }
        return try result.get()
    }

    private static func append(_ bytes: ArraySlice<UInt8>, to file: StagedFile) throws(BuildFailure) {
        let result: Result<Void, BuildFailure> = bytes.withUnsafeBytes { buffer in
            Result { () throws(BuildFailure) in try file.append(buffer) }
        }
        try result.get()
    }
}

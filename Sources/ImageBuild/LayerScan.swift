package import BuildModel
internal import Compression
internal import Platform

/// Reads layers whole, base first, and finds what is wrong with them: OCI image spec, layer.md. Blocks.
package struct LayerScan {
    /// Every path of the layers so far.
    private var paths: [[UInt8]: TarFindings.Kind] = [[]: .directory]

    package init() {}

    /// Checks one layer; the next one is on top of it.
    ///
    /// - Parameters:
    ///   - diffID: what the config says that the tar's digest is.
    ///   - content: the blob.
    /// - Throws: `BuildFailure` if the bytes cannot be read.
    package mutating func check(
        _ layer: Descriptor,
        diffID: String,
        content: any BlobContent
    ) throws -> [ImageCheck] {
        var list = CheckList(layer.digest.description)
        var findings = TarFindings(below: paths)
        let reading = try unsafe LayerReading(content, layer.mediaType) { unsafe findings.feed($0) }
        list.expect(content.size == layer.size, "layer-size", "it has \(content.size) bytes, not \(layer.size)")
        list.expect(reading.digest == layer.digest, "layer-digest", "its bytes have the digest \(reading.digest)")
        list.expect(reading.typeProblem == nil, "layer-type", reading.typeProblem ?? "")
        guard reading.isReadable else { return list.checks }
        list.expect(
            reading.streamProblem == nil,
            reading.form == "zstd" ? "layer-zstd" : "layer-gzip",
            reading.streamProblem ?? ""
        )
        list.expect(
            reading.diffID.description == diffID,
            "layer-diff-id",
            "its tar has the digest \(reading.diffID), and the config says \(diffID)"
        )
        let problems = findings.finish()
        for name in TarFindings.names {
            let found = problems[name] ?? []
            let more = found.count > 3 ? " and \(found.count - 3) more" : ""
            list.expect(found.isEmpty, "layer-\(name)", found.prefix(3).joined(separator: "; ") + more)
        }
        paths = findings.paths
        return list.checks
    }
}

/// One pass over a blob: its digest, and its tar's.
private struct LayerReading {
    let digest: Digest
    let diffID: Digest
    /// Why the bytes are not what the media type says.
    private(set) var typeProblem: String?
    private(set) var streamProblem: String?
    /// What the bytes are: `gzip`, `zstd`, `tar` or `empty`.
    let form: String
    /// Whether there was a tar to look at.
    private(set) var isReadable = true

    init(_ content: any BlobContent, _ mediaType: String, _ tar: (UnsafeRawBufferPointer) -> Void) throws {
        let (hasher, tarHasher) = (SHA256Hasher(), SHA256Hasher())
        let form = try Self.form(of: content)
        self.form = form
        let wanted = Self.form(of: mediaType)
        if form != wanted { typeProblem = "its type says \(wanted), and its bytes are \(form)" }
        isReadable = form != "empty"
        let stream = try Self.stream(form)
        var state = StreamState(form)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { unsafe output.deallocate() }
        try unsafe content.forEachPiece(0..<content.size) { piece in
            unsafe hasher.update(piece)
            if let stream {
                try unsafe state.feed(piece, stream, output) { bytes in
                    unsafe tarHasher.update(bytes)
                    unsafe tar(bytes)
                }
            } else if form == "tar" {
                unsafe tarHasher.update(piece)
                unsafe tar(piece)
            }
        }
        digest = hasher.finalize()
        diffID = tarHasher.finalize()
        if let stream { streamProblem = state.problem ?? (stream.isAtEnd ? nil : "it ends inside a \(state.part)") }
    }

    private static func stream(_ form: String) throws(BuildFailure) -> (any UnpackStream)? {
        switch form {
        case "gzip": try InflateStream(.gzip)
        case "zstd": try ZstdStream()
        default: nil
        }
    }

    private static func form(of mediaType: String) -> String {
        if mediaType.hasSuffix("gzip") { return "gzip" }
        return mediaType.hasSuffix("zstd") ? "zstd" : "tar"
    }

    private static func form(of content: any BlobContent) throws -> String {
        guard content.size > 0 else { return "empty" }
        var magic: [UInt8] = []
        try unsafe content.forEachPiece(0..<min(4, content.size)) { unsafe magic.append(contentsOf: $0) }
        if magic.starts(with: [0x1f, 0x8b]) { return "gzip" }
        return magic == [0x28, 0xb5, 0x2f, 0xfd] ? "zstd" : "tar"
    }
}

/// Unpacks gzip members or zstd frames, one after another.
private struct StreamState {
    private(set) var problem: String?
    /// What the parts are called.
    let part: String
    /// What a part may begin with; zstd's skippable frames (RFC 8878, 3.1.2) as well.
    private let firsts: Set<UInt8>

    init(_ form: String) {
        part = form == "zstd" ? "zstd frame" : "gzip member"
        firsts = form == "zstd" ? Set([0x28] + Array(0x50...0x5f)) : [0x1f]
    }

    mutating func feed(
        _ piece: UnsafeRawBufferPointer,
        _ stream: any UnpackStream,
        _ output: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws {
        var rest = unsafe piece
        while rest.count > 0 || !stream.isAtEnd {
            guard problem == nil else { return }
            if stream.isAtEnd {
                guard let first = unsafe rest.first, firsts.contains(first) else {
                    problem = "there are bytes after its last \(part)"
                    return
                }
                stream.reset()
            }
            guard let step = unsafe stream.inflate(rest, into: output) else {
                problem = "its \(part)s are damaged"
                return
            }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[step.read...])
            if step.written > 0 { unsafe body(UnsafeRawBufferPointer(rebasing: output[..<step.written])) }
            // Nothing more to be had from this piece.
            if rest.count == 0, step.written < output.count { return }
        }
    }
}

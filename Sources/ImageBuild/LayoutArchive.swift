internal import BuildModel
internal import Platform

/// An OCI layout in one tar file, as `skopeo` and `podman` read and write it: `oci-archive:FILE`.
package enum LayoutArchive {
    private static let prefix = ".slipway-archive-"

    /// Puts a layout's files into an archive, which takes the place of an earlier one when it is whole.
    ///
    /// - Throws: `BuildFailure`: `invalid_layout`; `system` that names the file.
    package static func pack(_ directory: String, to file: String) throws {
        let layout = try OCILayout(opening: directory)
        let output = try StagedFile(in: parent(of: file), prefix: prefix)
        let blobs = try Directories.list("\(directory)/blobs/sha256").filter(LayoutName.isDigest).sorted()
        for name in LayoutName.documents + blobs.map({ "blobs/sha256/\($0)" }) {
            let content = try FileContent(path: "\(layout.directory)/\(name)")
            var header: [UInt8] = []
            let entry = TarEntry.file(Array(name.utf8), mode: 0o644, size: content.size, ownership: .root)
            TarEncoder.append(headerOf: entry, to: &header)
            try append(header, to: output)
            try unsafe content.forEachPiece(0..<content.size) { try unsafe output.append($0) }
            var padding: [UInt8] = []
            TarEncoder.append(paddingAfter: content.size, to: &padding)
            try append(padding, to: output)
        }
        try append(TarEncoder.end, to: output)
        try output.commit(as: file)
    }

    /// Takes an archive apart into a directory that has nothing in it. What no layout has is left out.
    ///
    /// - Throws: `BuildFailure`: `invalid_layout` that names the file; `system`.
    package static func unpack(_ file: String, into directory: String) throws {
        let content = try FileContent(path: file)
        try Directories.create("\(directory)/blobs/sha256")
        var reader = ArchiveFiles(content, name: file)
        while let entry = try reader.next() {
            guard LayoutName.isPart(entry.name) else { continue }
            let output = try StagedFile(in: directory, prefix: prefix)
            try unsafe content.forEachPiece(entry.range) { try unsafe output.append($0) }
            try output.commit(as: "\(directory)/\(entry.name)")
        }
        guard Files.exists("\(directory)/oci-layout") else {
            let hint = "an archive that docker saved is not one of these"
            throw OCILayout.invalid(file, "it has no file 'oci-layout'; \(hint)")
        }
    }

    private static func append(_ bytes: [UInt8], to file: StagedFile) throws(BuildFailure) {
        var failure: BuildFailure?
        unsafe bytes.withUnsafeBytes { bytes in
            do throws(BuildFailure) { try unsafe file.append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static func parent(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }
}

/// Names of files in a layout.
private enum LayoutName {
    static let documents = ["oci-layout", "index.json"]

    static func isPart(_ name: String) -> Bool {
        let blobs = "blobs/sha256/"
        return documents.contains(name) || name.hasPrefix(blobs) && isDigest(String(name.dropFirst(blobs.count)))
    }

    static func isDigest(_ name: String) -> Bool {
        name.utf8.count == 64 && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// The regular files of a tar by their names and places. Names of layouts need no extended headers.
private struct ArchiveFiles {
    private static let block = Int64(UstarHeader.blockSize)

    private let content: FileContent
    private let name: String
    private var offset: Int64 = 0

    init(_ content: FileContent, name: String) {
        self.content = content
        self.name = name
    }

    mutating func next() throws -> (name: String, range: Range<Int64>)? {
        while offset + Self.block <= content.size {
            var header: [UInt8] = []
            try unsafe content.forEachPiece(offset..<offset + Self.block) { unsafe header.append(contentsOf: $0) }
            if header.allSatisfy({ $0 == 0 }) { return nil }
            let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
            guard Self.number(header[148..<156]) == Int64(sum), let size = Self.number(header[124..<136]) else {
                throw OCILayout.invalid(name, "it is no plain tar; one that is compressed has to be unpacked before")
            }
            let start = offset + Self.block
            guard size <= content.size - start else { throw OCILayout.invalid(name, "it ends inside a file") }
            offset = start + (size + Self.block - 1) / Self.block * Self.block
            guard header[156] == 0x30 || header[156] == 0 else { continue }
            let path = String(decoding: header.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
            return (path.hasPrefix("./") ? String(path.dropFirst(2)) : path, start..<start + size)
        }
        return nil
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}

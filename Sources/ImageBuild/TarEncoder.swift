/// Writes tar entries: ustar, with extended records only where ustar cannot say it.
///
/// Our own, because the digests of layers must not change with the version of a library.
enum TarEncoder {
    /// What ends an archive: two blocks of zeros, and nothing after them.
    static let end = [UInt8](repeating: 0, count: 2 * UstarHeader.blockSize)

    /// Appends everything in front of an entry's content: its header, after an extended one if it needs one.
    static func append(headerOf entry: TarEntry, to bytes: inout [UInt8]) {
        let path = entry.archivePath
        let records = PaxRecords(for: entry, path: path).bytes
        let name = UstarName(path) ?? UstarName(approximating: path)
        guard !records.isEmpty else { return UstarHeader.append(entry, name: name, to: &bytes) }
        let extended = TarEntry(
            kind: .extended,
            path: Array("././@PaxHeader".utf8),
            mode: 0o644,
            ownership: .root,
            size: Int64(records.count)
        )
        UstarHeader.append(extended, name: UstarName(approximating: extended.path), to: &bytes)
        bytes.append(contentsOf: records)
        append(paddingAfter: Int64(records.count), to: &bytes)
        UstarHeader.append(printable(entry), name: name, to: &bytes)
    }

    /// Appends the zeros that fill the last block of a content of `size` bytes.
    static func append(paddingAfter size: Int64, to bytes: inout [UInt8]) {
        let rest = Int(size % Int64(UstarHeader.blockSize))
        guard rest > 0 else { return }
        bytes.append(contentsOf: repeatElement(0, count: UstarHeader.blockSize - rest))
    }

    private static func printable(_ entry: TarEntry) -> TarEntry {
        var entry = entry
        entry.link = entry.link.map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }
        return entry
    }
}

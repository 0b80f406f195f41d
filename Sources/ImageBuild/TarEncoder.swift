/// Writes tar entries: ustar, with extended records only where ustar cannot say it.
///
/// Our own, because the digests of layers must not change with the version of a library.
enum TarEncoder {
    /// What ends an archive: two blocks of zeros, and nothing after them.
    static let end = [UInt8](repeating: 0, count: 2 * UstarHeader.blockSize)

    /// Everything in front of an entry's content: its header, after an extended one if it needs one.
    static func header(for entry: TarEntry) -> [UInt8] {
        let records = PaxRecords(for: entry).bytes
        let name = UstarName(entry.archivePath) ?? UstarName(approximating: entry.archivePath)
        guard !records.isEmpty else { return UstarHeader(entry, name: name).bytes }
        let extended = TarEntry(
            kind: .extended,
            path: Array("././@PaxHeader".utf8),
            mode: 0o644,
            ownership: .root,
            size: Int64(records.count)
        )
        let extendedName = UstarName(approximating: extended.path)
        return UstarHeader(extended, name: extendedName).bytes + records + padding(after: Int64(records.count))
            + UstarHeader(printable(entry), name: name).bytes
    }

    /// The zeros that fill the last block of a content of `size` bytes.
    static func padding(after size: Int64) -> [UInt8] {
        let rest = Int(size % Int64(UstarHeader.blockSize))
        return rest == 0 ? [] : [UInt8](repeating: 0, count: UstarHeader.blockSize - rest)
    }

    private static func printable(_ entry: TarEntry) -> TarEntry {
        var entry = entry
        entry.link = entry.link.map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }
        return entry
    }
}

internal import Platform

/// Extended records for one entry: POSIX.1-2017, pax, "pax Extended Header". Made only of what ustar cannot say.
struct PaxRecords {
    private(set) var bytes: [UInt8] = []

    /// The records that `entry` needs, whose path in the archive is `path`; none for most.
    init(for entry: TarEntry, path: [UInt8]) {
        let path = UstarName(path) == nil ? path : nil
        let link = Self.fits(entry.link) ? nil : entry.link
        // Names are bytes, as git has them. Readers that take them for UTF-8 refuse some and normalise others into one
        // another.
        if [path, link].contains(where: { !Self.isASCII($0 ?? []) }) { append("hdrcharset", Array("BINARY".utf8)) }
        if let path { append("path", path) }
        if let link { append("linkpath", link) }
        if entry.size > UstarHeader.maximumSize { append("size", Array(String(entry.size).utf8)) }
        for (key, number) in [("uid", entry.ownership.user), ("gid", entry.ownership.group)]
        where number > UstarHeader.maximumID {
            append(key, Array(String(number).utf8))
        }
        if !UstarHeader.fits(entry.modified) { append("mtime", Array(Self.decimal(entry.modified).utf8)) }
        // The name that all tars give to what xattr(7) has.
        for attribute in entry.attributes { append("SCHILY.xattr.\(attribute.name)", attribute.value) }
    }

    /// Appends `<length> <key>=<value>\n`, where the length counts its own digits.
    private mutating func append(_ key: String, _ value: [UInt8]) {
        let rest = key.utf8.count + value.count + 3
        var length = rest + 1
        while rest + String(length).utf8.count > length { length += 1 }
        bytes.append(contentsOf: Array("\(length) \(key)=".utf8))
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Seconds with as many decimals as it takes.
    private static func decimal(_ time: FileTime) -> String {
        guard time.nanoseconds > 0 else { return String(time.seconds) }
        let isNegative = time.seconds < 0
        let whole = isNegative ? -(time.seconds + 1) : time.seconds
        let nanoseconds = isNegative ? 1_000_000_000 - time.nanoseconds : time.nanoseconds
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(isNegative ? "-" : "")\(whole).\(digits)"
    }

    private static func fits(_ link: [UInt8]) -> Bool {
        link.count <= UstarHeader.linkWidth && isASCII(link)
    }

    private static func isASCII(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x80 }
    }
}

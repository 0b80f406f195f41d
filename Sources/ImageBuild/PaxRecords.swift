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

    private static func fits(_ link: [UInt8]) -> Bool {
        link.count <= UstarHeader.linkWidth && isASCII(link)
    }

    private static func isASCII(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x80 }
    }
}

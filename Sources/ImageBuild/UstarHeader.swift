/// The 512 bytes in front of an entry: POSIX.1-2017, pax, "ustar Interchange Format".
///
/// Every field that could tell builds apart is fixed: one second after the epoch (0 means "unset" to some readers),
/// numeric owners without names, no devices.
struct UstarHeader {
    static let blockSize = 512
    /// What 11 octal digits hold.
    static let maximumSize: Int64 = 0o777_7777_7777
    /// What 7 octal digits hold.
    static let maximumID: UInt32 = 0o777_7777
    static let linkWidth = 100
    private static let modificationTime: Int64 = 1
    private static let checksumRange = 148..<156

    private(set) var bytes: [UInt8] = []

    /// Encodes an entry under a name. A number that does not fit becomes 0: extended records carry it then.
    init(_ entry: TarEntry, name: UstarName) {
        bytes.reserveCapacity(Self.blockSize)
        text(name.name, width: 100)
        number(Int64(entry.mode), digits: 7)
        number(entry.ownership.user > Self.maximumID ? 0 : Int64(entry.ownership.user), digits: 7)
        number(entry.ownership.group > Self.maximumID ? 0 : Int64(entry.ownership.group), digits: 7)
        number(entry.size > Self.maximumSize ? 0 : entry.size, digits: 11)
        number(Self.modificationTime, digits: 11)
        text(Array(repeating: UInt8(ascii: " "), count: 8), width: 8)
        bytes.append(entry.kind.rawValue)
        text(entry.link.prefix(Self.linkWidth), width: Self.linkWidth)
        text(Array("ustar\u{0}00".utf8), width: 8)
        text([], width: 64)
        number(0, digits: 7)
        number(0, digits: 7)
        text(name.prefix, width: 155)
        text([], width: 12)
        writeChecksum()
    }

    private mutating func text(_ value: some Collection<UInt8>, width: Int) {
        bytes.append(contentsOf: value)
        bytes.append(contentsOf: repeatElement(0, count: width - value.count))
    }

    private mutating func number(_ value: Int64, digits: Int) {
        for digit in stride(from: digits - 1, through: 0, by: -1) {
            bytes.append(UInt8(ascii: "0") + UInt8(value >> (3 * Int64(digit)) & 7))
        }
        bytes.append(0)
    }

    private mutating func writeChecksum() {
        let sum = bytes.reduce(into: Int64(0)) { $0 += Int64($1) }
        var field = UstarHeader()
        field.number(sum, digits: 6)
        bytes.replaceSubrange(Self.checksumRange, with: field.bytes + [UInt8(ascii: " ")])
    }

    private init() {}
}

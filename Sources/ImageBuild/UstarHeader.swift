internal import Platform

/// The 512 bytes in front of an entry: POSIX.1-2017, pax, "ustar Interchange Format".
///
/// Every field that could tell builds apart is fixed: numeric owners without names, no devices.
enum UstarHeader {
    static let blockSize = 512
    /// What 11 octal digits hold.
    static let maximumSize: Int64 = 0o777_7777_7777
    /// What 7 octal digits hold.
    static let maximumID: UInt32 = 0o777_7777
    static let linkWidth = 100
    private static let magic = Array("ustar\u{0}00".utf8)

    /// Whether the header can say a time whole.
    static func fits(_ time: FileTime) -> Bool { time.nanoseconds == 0 && (0...maximumSize).contains(time.seconds) }

    /// Appends the block of an entry under a name. A number that does not fit becomes 0: extended records carry it then.
    static func append(_ entry: TarEntry, name: UstarName, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: blockSize))
        unsafe bytes.withUnsafeMutableBytes { bytes in
            let block = unsafe Block(bytes: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
            unsafe block.text(name.name, at: 0)
            unsafe block.number(Int64(entry.mode), at: 100, digits: 7)
            unsafe block.number(entry.ownership.user > maximumID ? 0 : Int64(entry.ownership.user), at: 108, digits: 7)
            unsafe block.number(
                entry.ownership.group > maximumID ? 0 : Int64(entry.ownership.group),
                at: 116,
                digits: 7
            )
            unsafe block.number(entry.size > maximumSize ? 0 : entry.size, at: 124, digits: 11)
            unsafe block.number(fits(entry.modified) ? entry.modified.seconds : 0, at: 136, digits: 11)
            unsafe block.text(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
            unsafe block.text(CollectionOfOne(entry.kind.rawValue), at: 156)
            unsafe block.text(entry.link.prefix(linkWidth), at: 157)
            unsafe block.text(magic, at: 257)
            unsafe block.number(0, at: 329, digits: 7)
            unsafe block.number(0, at: 337, digits: 7)
            unsafe block.text(name.prefix, at: 345)
            // Six digits, a NUL and the space that was there.
            unsafe block.number(block.sum, at: 148, digits: 6)
        }
    }
}

/// 512 bytes that are filled field by field; what no field fills stays 0.
@unsafe
private struct Block {
    let bytes: UnsafeMutableRawBufferPointer

    var sum: Int64 { unsafe bytes.reduce(into: 0) { $0 += Int64($1) } }

    func text(_ value: some Collection<UInt8>, at offset: Int) {
        var place = offset
        for byte in value {
            unsafe bytes[place] = byte
            place += 1
        }
    }

    func number(_ value: Int64, at offset: Int, digits: Int) {
        for digit in 0..<digits {
            let shift = 3 * Int64(digits - 1 - digit)
            unsafe bytes[offset + digit] = UInt8(ascii: "0") + UInt8(value >> shift & 7)
        }
        unsafe bytes[offset + digits] = 0
    }
}

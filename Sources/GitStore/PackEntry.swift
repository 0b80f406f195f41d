/// The header of an object in a pack: gitformat-pack(5), "Pack file entry".
struct PackEntry {
    enum Kind: Equatable {
        /// A whole object; the type as git numbers it: 1 commit, 2 tree, 3 blob, 4 tag.
        case whole(UInt8)
        /// A delta against the object at an offset in the same pack.
        case offsetDelta(base: Int64)
        /// A delta against an object by its id.
        case idDelta(base: [UInt8])
    }

    /// More than the longest header: ten bytes of size, and twenty of an id.
    static let maximumHeader = 32

    var kind: Kind
    /// Bytes of the object, or of the delta.
    var size: Int64
    /// Where the zlib stream begins.
    var dataOffset: Int64

    /// Reads the header at the front of `bytes`, which were read at `offset`; nil if it is damaged.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        var reader = unsafe HeaderReader(bytes)
        guard let first = reader.next() else { return nil }
        guard let size = reader.size(startingWith: first) else { return nil }
        switch first >> 4 & 7 {
        case 1, 2, 3, 4: kind = .whole(first >> 4 & 7)
        case 6:
            guard let distance = reader.distance(), distance > 0, distance <= offset else { return nil }
            kind = .offsetDelta(base: offset - distance)
        case 7:
            guard let id = reader.take(20) else { return nil }
            kind = .idDelta(base: id)
        default: return nil
        }
        self.size = size
        dataOffset = offset + Int64(reader.position)
    }
}

/// Reads numbers of variable length from the front of some bytes.
@safe
struct HeaderReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

    mutating func next() -> UInt8? {
        guard unsafe position < bytes.count else { return nil }
        defer { position += 1 }
        return unsafe bytes[position]
    }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard unsafe bytes.count - position >= count else { return nil }
        defer { position += count }
        return unsafe Array(bytes[position..<position + count])
    }

    /// Passes over bytes that are there.
    mutating func skip(_ count: Int) { position += count }

    /// A size whose four lowest bits are in `first`, beside the type.
    mutating func size(startingWith first: UInt8) -> Int64? {
        var (value, shift) = (Int64(first & 15), Int64(4))
        var byte = first
        while byte & 0x80 != 0 {
            guard let following = next(), shift <= 56 else { return nil }
            byte = following
            value |= Int64(byte & 0x7f) << shift
            shift += 7
        }
        return value >= 0 ? value : nil
    }

    /// A number with seven bits in each byte, the lowest first.
    mutating func number() -> Int64? {
        var (value, shift) = (Int64(0), Int64(0))
        while let byte = next(), shift <= 56 {
            value |= Int64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value >= 0 ? value : nil }
            shift += 7
        }
        return nil
    }

    /// The distance of a delta's base: seven bits in each byte, the highest first, and one added for each byte but the last.
    mutating func distance() -> Int64? {
        guard var byte = next() else { return nil }
        var value = Int64(byte & 0x7f)
        while byte & 0x80 != 0 {
            guard let following = next(), value < 1 << 48 else { return nil }
            byte = following
            value = (value + 1) << 7 | Int64(byte & 0x7f)
        }
        return value
    }
}

internal import BuildModel
internal import Platform

/// Where a pack has its objects: gitformat-pack(5), "version 2 pack-*.idx files".
struct PackIndex: Sendable {
    private static let headerSize = 8
    private static let fanoutSize = 256 * 4
    private static let trailerSize = 40
    private static let idSize = 20

    private let file: MappedFile
    private let count: Int

    /// - Throws: `BuildFailure` with code `damaged` for what is no index of version 2 or too short for what it says; `system`.
    init(_ path: String) throws(BuildFailure) {
        file = try MappedFile(path: path)
        let bytes = unsafe file.bytes
        guard bytes.count >= Self.headerSize + Self.fanoutSize + Self.trailerSize,
            unsafe bytes.bigEndian32(at: 0) == 0xff74_4f63, unsafe bytes.bigEndian32(at: 4) == 2
        else { throw .damaged("The pack index '\(path)'", cause: "it is no index of version 2") }
        count = Int(unsafe bytes.bigEndian32(at: Self.headerSize + 255 * 4))
        let needed = Self.headerSize + Self.fanoutSize + count * (Self.idSize + 8) + Self.trailerSize
        guard bytes.count >= needed else {
            throw .damaged("The pack index '\(path)'", cause: "it ends too early")
        }
    }

    /// The offset of an object in the pack; nil if the pack has no such object.
    func offset(of id: PackedID) -> Int64? {
        let bytes = unsafe file.bytes
        let first = Int(id.first)
        var low = first == 0 ? 0 : Int(unsafe bytes.bigEndian32(at: Self.headerSize + (first - 1) * 4))
        var high = min(count, Int(unsafe bytes.bigEndian32(at: Self.headerSize + first * 4)))
        while low < high {
            let middle = (low + high) / 2
            let order = unsafe id.compare(bytes, at: Self.headerSize + Self.fanoutSize + middle * Self.idSize)
            if order == 0 { return offset(at: middle) }
            if order < 0 { high = middle } else { low = middle + 1 }
        }
        return nil
    }

    private func offset(at place: Int) -> Int64? {
        let bytes = unsafe file.bytes
        let offsets = Self.headerSize + Self.fanoutSize + count * (Self.idSize + 4)
        let short = unsafe bytes.bigEndian32(at: offsets + place * 4)
        guard short & 0x8000_0000 != 0 else { return Int64(short) }
        let long = offsets + count * 4 + Int(short & 0x7fff_ffff) * 8
        guard long + 8 + Self.trailerSize <= bytes.count else { return nil }
        let value = unsafe UInt64(bytes.bigEndian32(at: long)) << 32 | UInt64(bytes.bigEndian32(at: long + 4))
        return Int64(exactly: value)
    }
}

/// The 20 bytes of an object's id, for looking it up.
struct PackedID {
    private let bytes: [UInt8]

    init(_ id: ObjectID) { bytes = Hexadecimal.decode(id.hex) ?? [UInt8](repeating: 0, count: 20) }

    /// - Parameter bytes: 20 bytes.
    init(bytes: [UInt8]) { self.bytes = bytes }

    var first: UInt8 { bytes[0] }

    var objectID: ObjectID { ObjectID(bytes: bytes) }

    /// Below 0 if it comes before the id at `offset`, 0 if it is that one.
    func compare(_ other: UnsafeRawBufferPointer, at offset: Int) -> Int {
        for place in 0..<20 {
            let difference = Int(bytes[place]) - Int(unsafe other[offset + place])
            if difference != 0 { return difference }
        }
        return 0
    }
}

extension UnsafeRawBufferPointer {
    /// Four bytes at `offset`, the highest first. The caller has checked that they are there.
    func bigEndian32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

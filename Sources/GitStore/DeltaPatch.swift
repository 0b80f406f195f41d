/// A delta against another object: gitformat-pack(5), "Deltified representation".
///
/// Whoever wrote the pack may be hostile: nothing is copied that is not there, and nothing is written past the end.
@safe
struct DeltaPatch {
    /// Bytes of the base and of the result.
    let baseSize: Int64
    let resultSize: Int64
    private let instructions: UnsafeRawBufferPointer

    /// Reads the two sizes at the front; nil if they are damaged. `bytes` has to outlive the patch.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = unsafe HeaderReader(bytes)
        guard let base = reader.number(), let result = reader.number() else { return nil }
        baseSize = base
        resultSize = result
        unsafe instructions = UnsafeRawBufferPointer(rebasing: bytes[reader.position...])
    }

    /// Where a piece of the result comes from.
    @safe
    enum Piece {
        case base(offset: Int, count: Int)
        case literal(UnsafeRawBufferPointer)
    }

    /// Hands out the pieces of the result in order; returns false if the delta is damaged or makes another size than it says.
    func forEachPiece(_ body: (Piece) throws -> Void) rethrows -> Bool {
        var reader = unsafe HeaderReader(instructions)
        var written: Int64 = 0
        while let code = reader.next() {
            if code & 0x80 != 0 {
                guard let (offset, count) = Self.copy(code, &reader) else { return false }
                guard Int64(offset + count) <= baseSize, written + Int64(count) <= resultSize else { return false }
                try body(.base(offset: offset, count: count))
                written += Int64(count)
            } else {
                let count = Int(code)
                guard count > 0, unsafe instructions.count - reader.position >= count,
                    written + Int64(count) <= resultSize
                else { return false }
                let end = reader.position + count
                try body(unsafe .literal(UnsafeRawBufferPointer(rebasing: instructions[reader.position..<end])))
                reader.skip(count)
                written += Int64(count)
            }
        }
        return written == resultSize
    }

    /// Makes the result of `base`; returns false if the delta is damaged or does not fit the two.
    func apply(to base: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        guard base.count == Int(baseSize), output.count == Int(resultSize) else { return false }
        var written = 0
        return forEachPiece { piece in
            let bytes =
                switch piece {
                case .base(let offset, let count):
                    unsafe UnsafeRawBufferPointer(rebasing: base[offset..<offset + count])
                case .literal(let literal): unsafe literal
                }
            unsafe UnsafeMutableRawBufferPointer(rebasing: output[written..<written + bytes.count])
                .copyMemory(from: bytes)
            written += bytes.count
        }
    }

    private static func copy(_ code: UInt8, _ reader: inout HeaderReader) -> (offset: Int, count: Int)? {
        var (offset, count) = (0, 0)
        for place in 0..<4 where code & (1 << place) != 0 {
            guard let byte = reader.next() else { return nil }
            offset |= Int(byte) << (8 * place)
        }
        for place in 0..<3 where code & (0x10 << place) != 0 {
            guard let byte = reader.next() else { return nil }
            count |= Int(byte) << (8 * place)
        }
        return (offset, count == 0 ? 0x10000 : count)
    }
}

extension DeltaPatch {
    /// Applies a delta; returns false if it is damaged or does not fit.
    static func apply(_ delta: [UInt8], to base: [UInt8], into output: UnsafeMutableRawBufferPointer) -> Bool {
        unsafe delta.withUnsafeBytes { delta in
            unsafe base.withUnsafeBytes { base in
                unsafe DeltaPatch(delta)?.apply(to: base, into: output) ?? false
            }
        }
    }

    /// What a delta makes of `base`; nil if it is damaged, does not fit, or makes more than `limit` bytes.
    static func apply(_ delta: [UInt8], to base: [UInt8], limit: Int64) -> [UInt8]? {
        let patch = unsafe delta.withUnsafeBytes { unsafe DeltaPatch($0)?.resultSize }
        guard let size = patch, size <= limit else { return nil }
        var isWhole = false
        let result = unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            let output = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Int(size))
            isWhole = unsafe apply(delta, to: base, into: output)
            count = isWhole ? Int(size) : 0
        }
        return isWhole ? result : nil
    }
}

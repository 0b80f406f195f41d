import BuildModel
import Platform
import Testing

/// A hash that is taken up where another left it.
@Suite struct SHA256StateTests {
    @Test(
        "a hash that goes on from a state is that of all bytes",
        arguments: [0, 1, 63, 64, 65, 127, 128, 1000, 100_003]
    )
    func continued(front: Int) throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let first = SHA256Hasher()
        first.update(Array(bytes[..<front]))
        let state = first.state
        #expect(state.count == SHA256Hasher.stateSize)
        let second = try #require(SHA256Hasher(state: state[...]))
        for hasher in [first, second] { hasher.update(Array(bytes[front...])) }
        #expect(second.finalize() == Digest(of: bytes))
        #expect(first.finalize() == Digest(of: bytes))
    }

    @Test("what is no state is refused")
    func refused() {
        #expect(SHA256Hasher(state: []) == nil)
        #expect(SHA256Hasher(state: [UInt8](repeating: 0, count: SHA256Hasher.stateSize + 1)[...]) == nil)
    }

    @Test("the standard's example has the standard's digest")
    func known() {
        #expect(Digest(of: "abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}

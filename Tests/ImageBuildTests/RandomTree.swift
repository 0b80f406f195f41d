import BuildModel
import TestSupport

/// Trees that nobody would think of, the same for the same seed.
enum RandomTree {
    static func items(seed: UInt64, count: Int = 80) -> [InMemoryTree.Item] {
        var generator = SeededGenerator(seed: seed)
        var directories: [[UInt8]] = [[]]
        var taken: Set<[UInt8]> = []
        var items: [InMemoryTree.Item] = []
        while items.count < count {
            let parent = directories[Int.random(in: 0..<directories.count, using: &generator)]
            let path = parent + name(&generator)
            guard path.count < 3000, taken.insert(path).inserted else { continue }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                directories.append(path + [UInt8(ascii: "/")])
            } else {
                items.append(item(path, &generator))
            }
        }
        return items
    }

    private static func item(_ path: [UInt8], _ generator: inout SeededGenerator) -> InMemoryTree.Item {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: .init(kind: .symbolicLink, path: path, content: name(&generator))
        case 1: .init(kind: .executable, path: path, content: content(&generator))
        default: .init(kind: .file, path: path, content: content(&generator))
        }
    }

    private static func content(_ generator: inout SeededGenerator) -> [UInt8] {
        let largest = [0, 1, 700, 5000, 50_000, 400_000][Int.random(in: 0..<6, using: &generator)]
        return LayerFixture.noise(Int.random(in: 0...largest, using: &generator), seed: generator.next())
    }

    /// A file name of 1 to 255 bytes: ASCII, UTF-8 or any bytes but NUL and slash.
    private static func name(_ generator: inout SeededGenerator) -> [UInt8] {
        let length = Int.random(
            in: 1...[8, 8, 40, 120, 250][Int.random(in: 0..<5, using: &generator)],
            using: &generator
        )
        let style = Int.random(in: 0..<3, using: &generator)
        var name: [UInt8] = [UInt8(ascii: "x")]
        while name.count < length {
            switch style {
            case 0: name.append(UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z"), using: &generator))
            case 1:
                name += Array("äß語🎉.".unicodeScalars.randomElement(using: &generator).map(String.init)?.utf8 ?? "".utf8)
            default:
                name.append(
                    [UInt8.random(in: 1...46, using: &generator), .random(in: 48...255, using: &generator)][
                        Int.random(in: 0..<2, using: &generator)
                    ]
                )
            }
        }
        return Array(name.prefix(255))
    }
}

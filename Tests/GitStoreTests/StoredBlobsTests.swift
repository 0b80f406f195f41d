import BuildModel
import Platform
import TestSupport
import Testing

@testable import GitStore

/// Blobs as layers read them: from any thread, in whatever way git keeps them.
@Suite struct StoredBlobsTests {
    private let scratch: Scratch
    private let path: String

    init() async throws {
        scratch = try Scratch()
        path = scratch("repository")
        try await git("init", "-q", "-b", "main", in: nil)
    }

    private func git(_ words: String..., in directory: String? = "") async throws {
        let place = directory == nil ? [] : ["-C", path]
        let target = directory == nil ? [path] : []
        let identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "gc.auto=0"]
        try await Command.output(["git"] + place + identity + words + target)
    }

    /// Texts that differ a little, so that git makes deltas of them; one that compresses to nothing, one that does not at all.
    private func commitFiles(large: Bool = false) async throws {
        let lines = (0..<400).map { "line \($0) of a file that has many of them, \(($0 * 7919) % 1000)" }
        for version in 0..<12 {
            var own = lines
            own[version * 30] = "changed in \(version)"
            try write(own.joined(separator: "\n"), to: "text-\(version)")
        }
        try write("", to: "empty")
        try write("x", to: "one")
        try Files.writeAtomically([UInt8](repeating: 0, count: 300_000), to: "\(path)/zeros")
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try Files.writeAtomically(noise, to: "\(path)/noise")
        if large {
            let block = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var bytes = (0..<180).flatMap { [UInt8($0)] + block }
            try Files.writeAtomically(bytes, to: "\(path)/large-1")
            bytes[9_000_000] ^= 1
            try Files.writeAtomically(bytes + [1, 2, 3], to: "\(path)/large-2")
        }
        try await git("add", "--all")
        try await git("commit", "-q", "-m", "files")
    }

    private func write(_ text: String, to name: String) throws {
        try Files.writeAtomically(Array(text.utf8), to: "\(path)/\(name)")
    }

    /// Reads all files in both ways and compares them with the working tree.
    private func expectFiles(_ place: String? = nil) async throws {
        let repository = try await LocalRepository.open(place ?? path)
        let revision = try await repository.revision()
        let path = path
        let count = try await repository.withTree(of: revision) { tree in
            var count = 0
            let blobs = tree.blobs
            try tree.walk { entry in
                let file = try Files.read("\(path)/\(entry.displayPath)", limit: 1 << 30)
                var whole = [UInt8](repeating: 0xaa, count: Int(entry.size))
                try whole.withUnsafeMutableBytes { try blobs.read(entry.objectID, into: $0) }
                #expect(whole == file, "\(entry.displayPath)")
                var pieces: [UInt8] = []
                try blobs.forEachPiece(of: entry.objectID, size: entry.size) { pieces.append(contentsOf: $0) }
                #expect(pieces == file, "\(entry.displayPath) in pieces")
                let parts = try blobs.parts(of: entry.objectID, size: entry.size)
                #expect(try Self.bytes(of: parts) == file, "\(entry.displayPath) in parts")
                count += 1
                return .proceed
            }
            return count
        }
        #expect(count >= 16)
    }

    /// All of it, in parts of a size that nothing is cut at.
    private static func bytes(of parts: any BlobParts) throws -> [UInt8] {
        var part = [UInt8](repeating: 0, count: 99_991)
        var bytes: [UInt8] = []
        while case let count = try part.withUnsafeMutableBytes({ try parts.read(into: $0) }), count > 0 {
            bytes += part[..<count]
        }
        return bytes
    }

    @Test("loose objects are read")
    func loose() async throws {
        try await commitFiles()
        try await expectFiles()
    }

    @Test("packs are read, with deltas by offset and by id", arguments: ["true", "false"])
    func packed(byOffset: String) async throws {
        try await commitFiles()
        try await git("-c", "repack.usedeltabaseoffset=\(byOffset)", "repack", "-adfq", "--depth", "8")
        try await expectFiles()
    }

    @Test("large deltas are put together without being held whole")
    func large() async throws {
        try await commitFiles(large: true)
        try await git("repack", "-adfq")
        try await expectFiles()
    }

    @Test("alternates and linked working trees are followed")
    func elsewhere() async throws {
        try await commitFiles()
        try await git("repack", "-adq")
        try await Command.output(["git", "clone", "-q", "--shared", path, scratch("shared")])
        try await expectFiles(scratch("shared"))
        try await git("worktree", "add", "-q", "-b", "other", scratch("tree"))
        try await expectFiles(scratch("tree"))
    }

    @Test("a damaged pack is an error that names it, and never a crash", arguments: 0..<6)
    func damaged(round: Int) async throws {
        try await commitFiles()
        try await git("repack", "-adq")
        let name = try #require(try Directories.list("\(path)/.git/objects/pack").first { $0.hasSuffix(".pack") })
        let pack = "\(path)/.git/objects/pack/\(name)"
        var bytes = try Files.read(pack)
        switch round {
        case 0: bytes.removeLast(bytes.count / 2)
        default: for place in stride(from: 200 + round, to: bytes.count, by: 997) { bytes[place] ^= UInt8(1 << round) }
        }
        try await Command.output(["chmod", "u+w", pack])
        try Files.writeAtomically(bytes, to: pack)
        let repository = try await LocalRepository.open(path)
        let failure = try await failure {
            let revision = try await repository.revision()
            return try await repository.withTree(of: revision) { tree in
                let blobs = tree.blobs
                try tree.walk { entry in
                    var whole = [UInt8](repeating: 0, count: Int(entry.size))
                    try whole.withUnsafeMutableBytes { try blobs.read(entry.objectID, into: $0) }
                    return .proceed
                }
            }
        }
        #expect([.damaged, .emptyRepository].contains(failure.code))
    }

    @Test("a base that is larger than what may be read is refused")
    func largeBase() async throws {
        try await commitFiles(large: true)
        try await git("repack", "-adfq")
        let repository = try Repository(opening: "\(path)/.git")
        let limits = ReadLimits(cancelFlag: CancelFlag(), maximumBytes: 17 << 20)
        let blobs = StoredBlobs(repository, limits)
        var refused = 0
        for name in ["large-1", "large-2"] {
            let words = ["git", "-C", path, "rev-parse", "HEAD:\(name)"]
            let text = try await Command.output(words).lines[0]
            let id = try #require(ObjectID(hex: text))
            let size = Int64(18_000_180 + (name == "large-2" ? 3 : 0))
            do {
                try blobs.forEachPiece(of: id, size: size) { _ in }
            } catch let failure as BuildFailure {
                #expect(failure.code == .limitExceeded)
                refused += 1
            }
        }
        // The one of the two that is not stored whole.
        #expect(refused == 1)
    }

    @Test("a long chain of deltas is put together one at a time, and ends when it is told to")
    func chain() async throws {
        var lines = (0..<400).map { "line \($0) of a file that has many of them, \(($0 * 7919) % 1000)" }
        for version in 0..<80 {
            lines[version * 5] = "changed in \(version)"
            try write(lines.joined(separator: "\n"), to: "text")
            try await git("add", "text")
            try await git("commit", "-q", "-m", "\(version)")
        }
        try await git("repack", "-adfq", "--depth", "100", "--window", "100")
        let first = try await Command.output(["git", "-C", path, "rev-parse", "HEAD~79:text"]).lines[0]
        let expected = try await Command.output(["git", "-C", path, "cat-file", "-p", "HEAD~79:text"]).text
        let id = try #require(ObjectID(hex: first))
        let flag = CancelFlag()
        let repository = try Repository(opening: "\(path)/.git")
        let blobs = StoredBlobs(repository, ReadLimits(cancelFlag: flag, maximumBytes: 1 << 30))
        var bytes = [UInt8](repeating: 0, count: expected.utf8.count)
        try bytes.withUnsafeMutableBytes { try blobs.read(id, into: $0) }
        #expect(bytes == Array(expected.utf8))
        flag.set()
        #expect(throws: BuildFailure.self) { try bytes.withUnsafeMutableBytes { try blobs.read(id, into: $0) } }
    }

    @Test("what is kept of many packs takes no more memory than what is kept of one")
    func manyPacks() async throws {
        // Each pack has a text without order, and a change of it.
        let script = """
            for number in 1 2 3 4 5 6 7 8; do
                head -c 100000 /dev/urandom > file
                first=$(git hash-object -w file) && printf x >> file && second=$(git hash-object -w file)
                printf '%s\\n' "$first" "$second" | git pack-objects -q .git/objects/pack/pack > /dev/null
                echo "$first" && echo "$second"
            done
            git prune-packed
            """
        let ids = try await Command.output(["sh", "-ec", script], in: path).lines.compactMap { ObjectID(hex: $0) }
        #expect(ids.count == 16)
        let packs = try Directories.list("\(path)/.git/objects/pack").filter { $0.hasSuffix(".pack") }
        #expect(packs.count == 8)
        let memory = PackMemory(limit: 256 << 10)
        let limits = ReadLimits(cancelFlag: CancelFlag(), maximumBytes: 1 << 30)
        let blobs = StoredBlobs(try Repository(opening: "\(path)/.git"), limits, memory)
        for (number, id) in ids.enumerated() {
            var bytes = [UInt8](repeating: 0, count: 100_000 + number % 2)
            try bytes.withUnsafeMutableBytes { try blobs.read(id, into: $0) }
            let blob = try await Command.output(["git", "-C", path, "cat-file", "blob", id.hex]).output
            #expect(bytes == blob)
            #expect(memory.size <= 256 << 10)
        }
        #expect(memory.bases.size > 100_000)
    }

    @Test("objects without bytes take some memory too, and are not kept without end")
    func emptyBases() {
        let bases = DeltaBases(limit: 10_000)
        for offset in 0..<1000 { bases.keep([], at: DeltaBases.Place(pack: 0, offset: Int64(offset))) }
        #expect((0..<1000).count { bases.base(at: DeltaBases.Place(pack: 0, offset: Int64($0))) != nil } < 100)
        bases.keep([1], at: DeltaBases.Place(pack: 1, offset: 999))
        #expect(bases.base(at: DeltaBases.Place(pack: 0, offset: 999)) == [])
    }

    @Test("trees of a pack are what git reads, and end when they are told to")
    func trees() async throws {
        for number in 0..<60 { try write("\(number)", to: "file-\(number)-of-many") }
        for version in 0..<12 {
            try write("changed in \(version)", to: "file-\(version)-of-many")
            try await git("add", "--all")
            try await git("commit", "-q", "-m", "\(version)")
        }
        try await git("repack", "-adfq", "--depth", "50")
        let form = "%(objecttype) %(objectname) %(deltabase)"
        let listing = ["git", "-C", path, "cat-file", "--batch-all-objects", "--batch-check=\(form)"]
        let trees = try await Command.output(listing).lines.map { $0.split(separator: " ") }.filter { $0[0] == "tree" }
        #expect(trees.count { !$0[2].allSatisfy { $0 == "0" } } > 8, "changes of one another")
        let flag = CancelFlag()
        let limits = ReadLimits(cancelFlag: flag, maximumBytes: 1 << 30)
        let blobs = StoredBlobs(try Repository(opening: "\(path)/.git"), limits)
        for words in trees {
            let id = try #require(ObjectID(hex: String(words[1])))
            let tree = try await Command.output(["git", "-C", path, "cat-file", "tree", id.hex]).output
            #expect(try blobs.tree(id) == tree)
        }
        flag.set()
        let fresh = StoredBlobs(try Repository(opening: "\(path)/.git"), limits)
        for words in trees {
            let id = try #require(ObjectID(hex: String(words[1])))
            #expect(throws: BuildFailure.self) { try fresh.tree(id) }
        }
    }

    @Test("another size than the blob's is an error")
    func otherSize() async throws {
        try await commitFiles()
        for isPacked in [false, true] {
            if isPacked { try await git("repack", "-adq") }
            let repository = try await LocalRepository.open(path)
            let revision = try await repository.revision()
            try await repository.withTree(of: revision) { tree in
                for name in ["one", "text-3", "noise"] {
                    let entry = try #require(try tree.entry(at: name))
                    for size in [Int(entry.size) - 1, Int(entry.size) + 1] {
                        var bytes = [UInt8](repeating: 0, count: size)
                        #expect(throws: BuildFailure.self) {
                            try bytes.withUnsafeMutableBytes { try tree.blobs.read(entry.objectID, into: $0) }
                        }
                        #expect(throws: BuildFailure.self) {
                            try tree.blobs.forEachPiece(of: entry.objectID, size: Int64(size)) { _ in }
                        }
                        #expect(throws: BuildFailure.self) {
                            try Self.bytes(of: tree.blobs.parts(of: entry.objectID, size: Int64(size)))
                        }
                    }
                }
            }
        }
    }
}

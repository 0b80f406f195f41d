import BuildModel
import Platform
import TestSupport
import Testing

@testable import ImageBuild

/// Images with one thing wrong each: what unpackers refuse, and what they pass over.
@Suite struct LayerScanTests {
    private struct Tar {
        var bytes: [UInt8] = []

        mutating func add(_ kind: TarEntry.Kind, _ path: String, link: String = "", content: String = "") {
            let content = Array(content.utf8)
            let entry = TarEntry(
                kind: kind,
                path: Array(path.utf8),
                mode: 0o644,
                ownership: .root,
                size: Int64(content.count),
                link: Array(link.utf8)
            )
            TarEncoder.append(headerOf: entry, to: &bytes)
            bytes += content
            TarEncoder.append(paddingAfter: Int64(content.count), to: &bytes)
        }

        /// A hard link: no layer of ours has one.
        mutating func addLink(_ path: String, to target: String) {
            let start = bytes.count
            add(.symbolicLink, path, link: target)
            bytes[start + 156] = 0x31
            mend(start)
        }

        mutating func mend(_ start: Int) {
            bytes.replaceSubrange(start + 148..<start + 156, with: Array("        ".utf8))
            let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
            let digits = String(sum, radix: 8)
            let field = String(repeating: "0", count: 6 - digits.count) + digits
            bytes.replaceSubrange(start + 148..<start + 156, with: Array(field.utf8) + [0, 0x20])
        }
    }

    private static func good() -> Tar {
        var tar = Tar()
        tar.add(.directory, "app")
        tar.add(.file, "app/a", content: "text")
        return tar
    }

    /// The names of the checks that fail.
    private func failures(
        _ tar: [UInt8],
        type: String = MediaType.ociLayerGzip,
        as format: LayerFormat = .gzip,
        below: [[UInt8]] = [],
        changing change: (inout [UInt8], inout Descriptor, inout String) -> Void = { _, _, _ in }
    ) throws -> [String] {
        var bytes = try MemberCompressor(.balanced, format).compress(tar)
        var descriptor = Descriptor(mediaType: type, digest: Digest(of: bytes), size: Int64(bytes.count))
        var diffID = Digest(of: tar).description
        change(&bytes, &descriptor, &diffID)
        var scan = LayerScan()
        for lower in below {
            let blob = try MemberCompressor(.balanced).compress(lower)
            let layer = Descriptor(mediaType: type, digest: Digest(of: blob), size: Int64(blob.count))
            _ = try scan.check(layer, diffID: Digest(of: lower).description, content: InMemoryContent(blob))
        }
        let checks = try scan.check(descriptor, diffID: diffID, content: InMemoryContent(bytes))
        #expect(checks.count >= 3)
        return checks.filter { $0.problem != nil }.map(\.name)
    }

    @Test("layers of ours have nothing wrong with them", arguments: LayerFormat.allCases)
    func ours(format: LayerFormat) async throws {
        let large = InMemoryTree.Item.file("large", bytes: LayerFixture.noise(5 << 20))
        let long = InMemoryTree.Item.file(String(repeating: "n", count: 200) + "ö", "x")
        let tree = InMemoryTree(items: [
            .directory("d"), .executable("d/run", "x"), .link("l", "d/run"), large, long,
        ])
        let layer = try LayerFixture.layer(tree, format: format)
        var scan = LayerScan()
        let checks = try scan.check(
            layer.blob.descriptor,
            diffID: layer.diffID.description,
            content: InMemoryContent(try LayerFixture.bytes(of: layer))
        )
        #expect(checks.count >= 10)
        #expect(checks.filter { $0.problem != nil } == [])
    }

    @Test("entries that go through a symbolic link are found, in the layer and in those below")
    func links() throws {
        var lower = Tar()
        lower.add(.directory, "usr")
        lower.add(.directory, "usr/bin")
        lower.add(.symbolicLink, "bin", link: "usr/bin")
        let below = lower.bytes + TarEncoder.end
        for path in ["bin/tool", "bin/sub/tool", "bin/.wh.tool"] {
            var tar = Tar()
            tar.add(.file, path)
            #expect(try failures(tar.bytes + TarEncoder.end, below: [below]) == ["layer-links"], "\(path)")
            #expect(try failures(lower.bytes + tar.bytes + TarEncoder.end) == ["layer-links"], "\(path)")
        }
        var direct = Tar()
        direct.add(.file, "usr/bin/tool")
        direct.add(.symbolicLink, "sbin", link: "bin")
        #expect(try failures(direct.bytes + TarEncoder.end, below: [below]) == [])
        var replaced = Tar()
        replaced.add(.directory, "bin")
        replaced.add(.file, "bin/tool")
        #expect(try failures(replaced.bytes + TarEncoder.end, below: [below]) == [])
        var removed = Tar()
        removed.add(.file, ".wh.bin")
        var above = Tar()
        above.add(.file, "bin/tool")
        let layers = [below, removed.bytes + TarEncoder.end]
        #expect(try failures(above.bytes + TarEncoder.end, below: layers) == ["layer-parents"])
    }

    @Test(
        "what a layer removes or replaces is no way to anything, before or behind it",
        arguments: [
            // A link, or a file, in place of a directory; then what was in it.
            (["a -> z"], ["a/b/n"], "layer-links"), ([], ["a -> z", "a/b/n"], "layer-links"),
            (["a"], ["a/b/n"], "layer-parents"), ([], ["a", "a/b/n"], "layer-parents"),
            ([], ["a/b/n", "a"], "layer-parents"),
            // The directory comes back without what it had.
            (["a"], ["a/", "a/b/n"], "layer-parents"), (["a -> z"], ["a/", "a/b/n"], "layer-parents"),
            (["a"], ["a/", "a/b/", "a/b/n"], nil),
            ([".wh.a"], ["a/b/n"], "layer-parents"), ([], [".wh.a", "a/b/n"], "layer-parents"),
            ([], ["a/b/n", ".wh.a"], "layer-parents"), ([".wh.a"], ["a/", "a/n"], nil),
            (["a/.wh..wh..opq"], ["a/b/n"], "layer-parents"), ([], ["a/.wh..wh..opq", "a/b/n"], "layer-parents"),
            ([], ["a/.wh..wh..opq", "a/b/", "a/b/n"], nil), (["a/.wh..wh..opq"], ["a/n"], nil),
            (["a/b/.wh.c"], ["a/b/n"], nil), (["a/b/"], ["a/b/n"], nil), ([".wh.z"], ["a/b/n"], nil),
            ([".wh..wh..opq"], ["a/n"], "layer-parents"),
            ([], [String(repeating: "d/", count: 300_000) + "n"], "layer-paths"),
        ] as [([String], [String], String?)]
    )
    func stalePaths(between: [String], top: [String], failure: String?) throws {
        func layer(_ names: [String]) -> [UInt8] {
            var tar = Tar()
            for name in names {
                if name.hasSuffix(" -> z") {
                    tar.add(.symbolicLink, String(name.dropLast(5)), link: "z")
                } else {
                    tar.add(name.hasSuffix("/") ? .directory : .file, name)
                }
            }
            return tar.bytes + TarEncoder.end
        }
        let below = [layer(["z/", "a/", "a/b/", "a/b/c"]), layer(between)]
        #expect(try failures(layer(top), below: below) == [failure].compactMap { $0 })
    }

    @Test("what is wrong with the bytes is found")
    func bytes() throws {
        let tar = Self.good().bytes + TarEncoder.end
        #expect(try failures(tar) == [])
        #expect(try failures(tar) { _, _, diffID in diffID = Digest(of: "x").description } == ["layer-diff-id"])
        #expect(try failures(tar) { _, descriptor, _ in descriptor.size += 1 } == ["layer-size"])
        #expect(try failures(tar) { _, descriptor, _ in descriptor.digest = Digest(of: "x") } == ["layer-digest"])
        let damaged = try failures(tar) { bytes, descriptor, _ in
            bytes[bytes.count - 6] ^= 1
            descriptor.digest = Digest(of: bytes)
        }
        #expect(damaged.contains("layer-gzip"))
        let garbage = try failures(tar) { bytes, descriptor, _ in
            bytes += [1, 2, 3]
            descriptor = Descriptor(
                mediaType: descriptor.mediaType,
                digest: Digest(of: bytes),
                size: Int64(bytes.count)
            )
        }
        #expect(garbage == ["layer-gzip"])
        #expect(try failures(tar, type: MediaType.ociLayerTar) == ["layer-type"])
        #expect(try failures(tar, type: MediaType.ociLayerTar + "+zstd") == ["layer-type"])
        let cut = try failures(tar) { bytes, descriptor, _ in
            bytes.removeLast(12)
            descriptor = Descriptor(
                mediaType: descriptor.mediaType,
                digest: Digest(of: bytes),
                size: Int64(bytes.count)
            )
        }
        #expect(cut.contains("layer-gzip"))
    }

    @Test("what is wrong with zstd's bytes is found; skippable frames are not wrong")
    func zstdBytes() throws {
        let tar = Self.good().bytes + TarEncoder.end
        func check(_ change: (inout [UInt8]) -> Void) throws -> [String] {
            try failures(tar, type: MediaType.ociLayerZstd, as: .zstd) { bytes, descriptor, _ in
                change(&bytes)
                descriptor = Descriptor(
                    mediaType: descriptor.mediaType,
                    digest: Digest(of: bytes),
                    size: Int64(bytes.count)
                )
            }
        }
        #expect(try check { _ in } == [])
        #expect(try check { $0 += [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7] } == [])
        #expect(try check { $0[$0.count - 1] ^= 1 }.contains("layer-zstd"))
        #expect(try check { $0.removeLast(9) }.contains("layer-zstd"))
        #expect(try check { $0 += [1, 2, 3] } == ["layer-zstd"])
        #expect(try failures(tar, as: .zstd) == ["layer-type"])
    }

    @Test("what is wrong with the entries is found, which no unpacker says")
    func entries() throws {
        func check(_ end: [UInt8] = TarEncoder.end, _ change: (inout Tar) -> Void) throws -> [String] {
            var tar = Self.good()
            change(&tar)
            return try failures(tar.bytes + end)
        }
        #expect(try check { $0.add(.file, "app/a", content: "again") } == ["layer-duplicates"])
        #expect(try check { $0.add(.file, "./app/a", content: "again") } == ["layer-duplicates"])
        #expect(try check([]) { _ in } == ["layer-tar"])
        #expect(try check([UInt8](repeating: 0, count: 512)) { _ in } == ["layer-tar"])
        #expect(try check { $0.add(.file, "other/b") } == ["layer-parents"])
        #expect(try check { $0.add(.file, "app/a/b") } == ["layer-parents"])
        #expect(try check { $0.add(.file, "app/.wh.a") } == ["layer-whiteouts"])
        #expect(try check { $0.add(.file, "app/.wh.") } == ["layer-whiteouts"])
        #expect(try check { $0.add(.file, "app/.wh.gone") } == [])
        #expect(try check { $0.add(.file, "../x") }.contains("layer-paths"))
        #expect(try check { $0.add(.file, "/abs") }.contains("layer-paths"))
        #expect(try check { $0.addLink("app/l", to: "app/missing") } == ["layer-hard-links"])
        #expect(try check { $0.addLink("app/l", to: "app/a") } == [])
        #expect(try check { $0.bytes[520] ^= 1 } == ["layer-tar"])
        #expect(try check { $0.add(.extended, "p", content: "17 atime=1700000\n") } == ["layer-records"])
        #expect(try check { $0.add(.file, "") } == ["layer-paths"])
        #expect(
            try check {
                $0.addLink("app/sparse", to: "")
                $0.bytes[$0.bytes.count - 512 + 156] = UInt8(ascii: "S")
                $0.mend($0.bytes.count - 512)
            } == ["layer-records"]
        )
        var above = Tar()
        above.add(.file, "app/b")
        #expect(try failures(above.bytes + TarEncoder.end, below: [Self.good().bytes + TarEncoder.end]) == [])
    }

    @Test(
        "records that readers refuse a tar for are found",
        arguments: [
            ("path=a\u{0}b/", true), ("linkpath=a\u{0}", true), ("uname=\u{0}", true), ("size=x", true),
            ("size=-1", true),
            ("gid=1.5", true), ("mtime=now", true), ("mtime=-", true), ("mtime=1.5", false), ("mtime=-1", false),
            ("mtime=1", false), ("path=", false), ("size=0", false), ("uname=root", false),
        ]
    )
    func records(record: String, isFound: Bool) throws {
        var tar = Self.good()
        let count = record.utf8.count + 2
        tar.add(.extended, "p", content: "\(count + (count > 8 ? 2 : 1)) \(record)\n")
        tar.add(.file, "app/b")
        #expect(try failures(tar.bytes + TarEncoder.end).contains("layer-tar") == isFound)
    }

    @Test("behind an extended header without records, entries are still what they say")
    func emptyExtendedHeaders() throws {
        for kind in [UInt8(ascii: "x"), UInt8(ascii: "g")] {
            func check(_ path: String, content: String = "15 path=app/ok\n") throws -> [String] {
                var tar = Self.good()
                let start = tar.bytes.count
                tar.add(.extended, "p")
                tar.bytes[start + 156] = kind
                tar.mend(start)
                tar.add(.file, "app/b", content: content)
                tar.add(.file, path)
                return try failures(tar.bytes + TarEncoder.end).filter { $0 != "layer-records" }
            }
            #expect(try check("app/c") == [])
            #expect(try check("app/c", content: "no record") == [])
            #expect(try check("../evil").contains("layer-paths"))
            #expect(try check("app/a") == ["layer-duplicates"])
        }
    }

    @Test("no bytes are read past their end, whatever they are")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var tar = Self.good().bytes + TarEncoder.end
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                tar[Int.random(in: 0..<tar.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try failures(tar)
        }
    }
}

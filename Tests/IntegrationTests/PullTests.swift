import BuildModel
import Documents
import Platform
import TestSupport
import Testing

@Suite("slipway pull")
struct PullTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch(in: "/var/tmp") }

    private func words(_ image: String) -> [String] {
        [
            "pull", image, "-o", "json", "--cache-directory", scratch("cache"), "--registries-layouts",
            Cache.directory + "/base-images",
        ]
    }

    private var store: String { scratch("cache/rootfs") }

    @Test("prints the directories of a base image, and needs nothing the second time")
    func pull() async throws {
        let image = "docker.io/library/debian:13-slim"
        let first = try JSONDocument.parse(try await SlipwayProgram.output(words(image)).text)
        let directories = first["lowerDirectories"]?.array?.compactMap(\.string) ?? []
        try #require(directories.count == 1)
        #expect(Files.exists(directories[0] + "/usr/bin/apt"))
        try Files.writeAtomically(Array("mark".utf8), to: directories[0] + "/mark")
        let second = try JSONDocument.parse(try await SlipwayProgram.output(words(image)).text)
        #expect(second["lowerDirectories"] == first["lowerDirectories"])
        #expect(Files.exists(directories[0] + "/mark"), "it was unpacked again")
    }

    @Test("takes a base image out of an archive that skopeo wrote, and out of its successor when the file is replaced")
    func archive() async throws {
        let (name, file) = ("localhost:1/own/base:1", scratch("base.tar"))
        let words = ["pull", name, "-o", "json", "--cache-directory", scratch("cache"), "--registries-layouts", file]
        for text in ["first", "second"] {
            try await Command.output(["umoci", "init", "--layout", scratch(text)])
            try await Command.output(["umoci", "new", "--image", scratch("\(text):\(name)")])
            _ = try scratch.write(text, to: "text")
            try await Command.output(["tar", "-C", scratch.path, "-cf", scratch("layer.tar"), "text"])
            let add = ["umoci", "raw", "add-layer", "--image", scratch("\(text):\(name)"), scratch("layer.tar")]
            try await Command.output(add)
            let copy = ["skopeo", "copy", "-q", "oci:\(scratch(text)):\(name)", "oci-archive:\(file).new:\(name)"]
            try await Command.output(copy)
            try Files.rename("\(file).new", to: file)
            for _ in 1...2 {
                let result = try JSONDocument.parse(try await SlipwayProgram.output(words).text)
                let directory = try #require(result["lowerDirectories"]?.array?.first?.string)
                #expect(String(decoding: try Files.read("\(directory)/text"), as: UTF8.self) == text)
            }
        }
        #expect(try Directories.list(scratch("cache/archives")).count == 2, "one is taken apart once")
    }

    @Test("an archive that is none is named, and leaves nothing")
    func brokenArchive() async throws {
        let file = try scratch.write("no tar", to: "base.tar")
        let words = ["pull", "localhost:1/base:1", "--cache-directory", scratch("cache"), "--registries-layouts", file]
        let result = try await SlipwayProgram.result(words)
        #expect(!result.succeeded && result.errorText.contains(file), "\(result.errorText)")
        #expect(try Directories.list(scratch("cache/archives")).isEmpty)
    }

    @Test("killed at any moment, it never leaves half a layer that counts as whole")
    func killed() async throws {
        let image = "docker.io/library/debian:13-slim"
        for delay in ["0.05", "0.2", "0.5", "0.9", "1.4", "2"] {
            _ = try await Command.result(
                ["timeout", "--signal=KILL", delay, SlipwayProgram.path] + words(image)
            )
            guard Directories.exists(store) else { continue }
            for name in try Directories.list(store) where name != "locks" && !name.hasSuffix(".partial") {
                #expect(Files.exists("\(store)/\(name)/fs/usr/bin/apt"))
                #expect(Files.exists("\(store)/\(name)/state"))
                try Directories.remove("\(store)/\(name)")
            }
        }
        let result = try JSONDocument.parse(try await SlipwayProgram.output(words(image)).text)
        let directory = try #require(result["lowerDirectories"]?.array?.first?.string)
        let reference = "\(Cache.directory)/base-images:\(image)"
        try await Command.output(["umoci", "unpack", "--image", reference, scratch("bundle")])
        let theirs = try await TreeListing.lines(of: scratch("bundle/rootfs"))
        #expect(try await TreeListing.lines(ofOverlay: [directory]) == theirs)
        #expect(try Directories.list(store).allSatisfy { !$0.hasSuffix(".partial") }, "the killed ones left something")
    }

    @Test("an image that is nowhere is named")
    func missing() async throws {
        let result = try await SlipwayProgram.result(
            words("localhost:1/library/none:1"),
            environment: ["no_proxy": "localhost"]
        )
        #expect(!result.succeeded)
        #expect(result.errorText.contains("localhost:1"))
    }
}

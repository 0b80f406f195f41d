import BuildModel
import Documents
import Platform
import TestSupport
import Testing

/// What stands in an index beside an image.
extension ImageMutationTests {
    /// What may stand beside the image that this node would run.
    struct Other: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var mutation: Mutation
        var platform: ImagePlatform? = ImagePlatform(os: "linux", architecture: "s390x")
        /// The check that has to fail; nil for none.
        var check: String?
        var isThere = true
        /// Changes what the index says of the image for this node.
        var own: (@Sendable (inout JSONValue) -> Void)?
    }

    static let others: [Other] = [
        Other(testDescription: "sound", mutation: foreign),
        Other(testDescription: "wrong", mutation: mutations[0], check: "layer-diff-id"),
        Other(testDescription: "gone", mutation: foreign, check: "manifest", isThere: false),
        Other(testDescription: "sound, and a wrong size of ours", mutation: foreign, check: "index-size") {
            $0["size"] = 7
        },
        Other(
            testDescription: "an attestation",
            mutation: Mutation("").on { $0.layer = type("application/vnd.in-toto+json") },
            platform: ImagePlatform(os: "unknown", architecture: "unknown")
        ),
        Other(testDescription: "an artifact", mutation: artifact, platform: nil),
        Other(
            testDescription: "an artifact with other bytes",
            mutation: artifact.on { $0.torn = { $0[3] ^= 1 } },
            platform: nil,
            check: "blob-bytes"
        ),
        Other(
            testDescription: "a chart, which does not say that it is one",
            mutation: artifact.on {
                $0.manifest = nil
                $0.configDescriptor = type("application/vnd.cncf.helm.config.v1+json")
            },
            platform: nil
        ),
        Other(
            testDescription: "an image with another type of config",
            mutation: foreign.on { $0.configDescriptor = type("application/json") },
            check: "config-type"
        ),
    ]

    private static let foreign = Mutation("").on { $0.config = { $0["architecture"] = "s390x" } }

    private static let artifact = Mutation("").on {
        $0.blob = { $0 = Array("a list of what is in the image".utf8) }
        $0.layer = type("text/plain")
        $0.config = { $0 = [:] }
        $0.configDescriptor = type("application/vnd.oci.empty.v1+json")
        $0.manifest = { $0["artifactType"] = "application/vnd.example.list" }
    }

    @Test("everything in an index is checked, not only the image for this node", arguments: others)
    func index(other: Other) async throws {
        let parts = try await parts()
        try await write(Mutation(""), from: parts)
        var entries = try [entry(ImagePlatform.current)]
        other.own?(&entries[0])
        try await write(other.mutation, from: parts)
        entries.append(try entry(other.platform))
        if !other.isThere, let digest = entries[1]["digest"]?.string {
            try Files.remove("\(layout)/blobs/sha256/\(digest.dropFirst(7))")
        }
        try name(putIndex(of: entries))

        let result = try await inspect()
        #expect(result.status == (other.check == nil ? 0 : 1), "\(result.text) \(result.errorText)")
        let seen = try JSONDocument.parse(result.output)
        #expect(seen["others"]?.array?.map { $0["valid"] } == [.bool(other.check == nil || other.own != nil)])
        #expect(Self.failed(seen) == [other.check].compactMap { $0 })
    }

    @Test("an index within too many others is no sound one, and within a few is looked into", arguments: [1, 3, 4, 6])
    func nested(depth: Int) async throws {
        let parts = try await parts()
        try await write(Mutation(""), from: parts)
        let own = try entry(ImagePlatform.current)
        try await write(Self.foreign, from: parts)
        var other = try entry(ImagePlatform(os: "linux", architecture: "s390x"))
        for _ in 0..<depth { other = try putIndex(of: [other]) }
        // What is named twice is looked at once.
        try name(putIndex(of: [own, other, other]))

        let result = try await inspect()
        #expect(result.status == (depth < 4 ? 0 : 1), "\(result.text) \(result.errorText)")
        let seen = try JSONDocument.parse(result.output)
        #expect(Self.failed(seen) == (depth < 4 ? [] : ["index-depth"]))
        #expect(seen["others"]?.array?.count == (depth < 4 ? depth + 2 : 6))
    }

    private static func failed(_ inspection: JSONValue) -> [String] {
        (inspection["checks"]?.array ?? []).filter { $0["problem"]?.string != nil }.compactMap { $0["name"]?.string }
    }

    /// Puts an index into the layout.
    private func putIndex(of entries: [JSONValue]) throws -> JSONValue {
        let type: JSONValue = .string(MediaType.ociIndex)
        let index: JSONValue = ["schemaVersion": 2, "mediaType": type, "manifests": .array(entries)]
        try put(index.canonicalBytes, Digest(of: index.canonicalBytes))
        return described(index.canonicalBytes, ["mediaType": type])
    }

    /// Makes it what the layout has.
    private func name(_ index: JSONValue) throws {
        var top = index
        top["annotations"] = ["org.opencontainers.image.ref.name": "t"]
        let document: JSONValue = ["schemaVersion": 2, "manifests": [top]]
        try Files.writeAtomically(document.canonicalBytes, to: "\(layout)/index.json")
    }

    /// The entry of what was written last, for a platform.
    private func entry(_ platform: ImagePlatform?) throws -> JSONValue {
        let index = try JSONDocument.parse(try Files.read("\(layout)/index.json"))
        var entry = try #require(index["manifests"]?.array?.first)
        entry["annotations"] = nil
        entry["platform"] = platform?.json
        return entry
    }
}

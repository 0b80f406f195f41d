import BuildModel
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Lists of what refers to an image")
struct ReferrerTests {
    let client = RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)
    private let image = StrictFixture.image([StrictFixture.blob(10)])

    @Test("a repository that has nothing yet does not teach that its host keeps no lists")
    func emptyRepository() async throws {
        let registry = try StrictRegistry(quirks: [.emptyRepository404])
        let reference = ImageReference(registry: registry.host, repository: "app")
        #expect(try await client.referrers(of: image.manifestDescriptor.digest, in: reference) == [])
        #expect(try await learned(of: registry) == nil)
        try registry.seed(image, as: "v1", in: "app")
        let artifact = try await attach(to: reference)
        #expect(
            try await client.referrers(of: image.manifestDescriptor.digest, in: reference).map(\.digest) == [artifact]
        )
        #expect(try await learned(of: registry) == true)
    }

    @Test("a page that is not there teaches it, whether or not the repository has something", arguments: [true, false])
    func noPage(isSeeded: Bool) async throws {
        let registry = try StrictRegistry(quirks: [.noReferrers])
        if isSeeded { try registry.seed(image, as: "v1", in: "app") }
        #expect(try await client.probe(registry.host, repository: "app").knowledge.referrers == false)
    }

    @Test(
        "a refusal teaches nothing",
        arguments: [
            (400, #"{"errors":[{"code":"UNSUPPORTED"}]}"#), (405, ""),
            (404, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#),
        ]
    )
    func refusal(status: Int, body: String) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.target.contains("/referrers/") else { return false }
            request.respond(status, body: body)
            return true
        }
        let reference = ImageReference(registry: registry.host, repository: "app")
        #expect(try await client.referrers(of: image.manifestDescriptor.digest, in: reference) == [])
        #expect(try await client.probe(registry.host, repository: nil).knowledge.referrers == nil)
        #expect(registry.requests.contains { $0.contains("/manifests/sha256-") })
    }

    @Test("a list that its writer may not read is not written over, and the writer is told to get that right")
    func unreadable() async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "GET", request.target.contains("/manifests/") else { return false }
            request.respond(403, body: #"{"errors":[{"code":"DENIED"}]}"#)
            return true
        }
        let reference = ImageReference(registry: registry.host, repository: "app")
        let failure = try await #require(throws: BuildFailure.self) { _ = try await attach(to: reference) }
        #expect(failure.code.rawValue == "registry_denied" && failure.message.contains("pull from"), "\(failure)")
        #expect(!registry.requests.contains { $0.hasPrefix("PUT ") && $0.contains("/manifests/sha256-") })
    }

    @Test("a list that is not there is made also where the registry does not say so")
    func unsaid() async throws {
        let registry = try StrictRegistry(quirks: [.noReferrers, .absentTag403])
        try registry.seed(image, as: "v1", in: "app")
        let reference = ImageReference(registry: registry.host, repository: "app")
        let artifact = try await attach(to: reference)
        #expect(
            try await client.referrers(of: image.manifestDescriptor.digest, in: reference).map(\.digest) == [artifact]
        )
    }

    @Test("all pages of a list are read")
    func pages() async throws {
        let registry = try StrictRegistry(quirks: [.pagedReferrers])
        try registry.seed(image, as: "v1", in: "app")
        let reference = ImageReference(registry: registry.host, repository: "app")
        var attached: Set<Digest> = []
        for _ in 0..<3 { attached.insert(try await attach(to: reference)) }
        let found = try await client.referrers(of: image.manifestDescriptor.digest, in: reference)
        #expect(Set(found.map(\.digest)) == attached)
        #expect(registry.requests.filter { $0.contains("/referrers/") }.count == 3)
    }

    @Test("a page that is lost after the first is no short list")
    func lostPage() async throws {
        let registry = try StrictRegistry(quirks: [.pagedReferrers])
        try registry.seed(image, as: "v1", in: "app")
        let reference = ImageReference(registry: registry.host, repository: "app")
        for _ in 0..<2 { _ = try await attach(to: reference) }
        registry.setSchedule { number, _, _ in number > 1 ? .tooLarge : nil }
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.referrers(of: image.manifestDescriptor.digest, in: reference)
        }
        #expect(failure.message.contains("GET http://\(registry.host)/v2/app/referrers/"), "\(failure)")
    }

    @Test(
        "a list that cannot be gone on with is no whole one",
        arguments: [
            ("http://other.example/page", "protocol_violation", "another origin"),
            ("?more", "limit_exceeded", "100 pages"),
        ]
    )
    func endless(next: String, code: String, words: String) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.target.contains("/referrers/") else { return false }
            request.respond(200, ["Link": "<\(next)>; rel=\"next\""], body: #"{"schemaVersion":2,"manifests":[]}"#)
            return true
        }
        let reference = ImageReference(registry: registry.host, repository: "app")
        let failure = try await #require(throws: BuildFailure.self) {
            try await client.referrers(of: image.manifestDescriptor.digest, in: reference)
        }
        #expect(failure.code.rawValue == code && failure.message.contains(words), "\(failure)")
        #expect(failure.message.contains("GET http://\(registry.host)/v2/app/referrers/"), "\(failure)")
    }

    private func learned(of registry: StrictRegistry) async throws -> Bool? {
        try await client.probe(registry.host, repository: nil).knowledge.referrers
    }

    private func attach(to reference: ImageReference) async throws -> Digest {
        let (artifact, blobs) = try StrictFixture.artifact(on: image.manifestDescriptor)
        try await client.attach(artifact, blobs: blobs, in: reference)
        return artifact.descriptor.digest
    }
}

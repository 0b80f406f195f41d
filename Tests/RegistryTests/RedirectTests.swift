import BuildModel
import HTTPTransport
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

@Suite("Redirects of requests that have a body")
struct RedirectTests {
    let fixture = StrictFixture()
    private static let access = StrictRegistry.Access.basic(user: "user", password: "pass")

    @Test(
        "another origin gets method and body again, and never the credentials",
        arguments: [nil, 500_000] as [Int64?]
    )
    func elsewhere(chunkBytes: Int64?) async throws {
        let registry = try StrictRegistry(quirks: [.redirectsElsewhere], access: Self.access)
        try await push(to: registry, chunkBytes)
        let there = registry.requestsElsewhere
        for method in ["POST /v2/team/app/blobs/", "PUT /v2/team/app/blobs/", "PUT /v2/team/app/manifests/v1?"] {
            #expect(there.contains { $0.hasPrefix(method) }, "\(there)")
        }
        #expect(there.contains { $0.hasPrefix("PATCH ") } == (chunkBytes != nil))
        #expect(there.allSatisfy { $0.hasSuffix("_sent=a%2Fb") }, "\(there)")
    }

    @Test(
        "a redirect that comes before the body was read is followed with all of it",
        arguments: [nil, 500_000] as [Int64?]
    )
    func early(chunkBytes: Int64?) async throws {
        let registry = try StrictRegistry(quirks: [.redirectsWithin], access: Self.access)
        try await push(to: registry, chunkBytes)
        let method = chunkBytes == nil ? "PUT" : "PATCH"
        #expect(registry.requests.contains { $0.hasPrefix("\(method) /v2/team/app/blobs/") && $0.contains("_sent=") })
    }

    @Test("a redirect that would make a GET of a request with a body is not followed", arguments: [301, 302, 303])
    func otherStatus(status: Int) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "POST" else { return false }
            request.respond(status, ["Location": "/elsewhere"])
            return true
        }
        let client = RegistryClient(settings: StrictFixture.settings(), http: fixture.http)
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let failure = try await #require(throws: BuildFailure.self) {
            let image = StrictFixture.image([StrictFixture.blob(10)])
            _ = try await client.push(image, to: target, confirm: {}, log: fixture.log)
        }
        #expect(failure.message.contains("\(status)") && failure.message.contains("cannot be followed"), "\(failure)")
        #expect(!registry.requests.contains { $0.contains("/elsewhere") })
    }

    private func push(to registry: StrictRegistry, _ chunkBytes: Int64?) async throws {
        var settings = StrictFixture.settings()
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        settings.chunkBytes[registry.host] = chunkBytes
        let image = StrictFixture.image([StrictFixture.blob(1_200_000), StrictFixture.blob(10)])
        try await fixture.push(image, to: registry, settings: settings)
        #expect(registry.digest(ofTag: "v1", in: "team/app") == image.manifestDescriptor.digest)
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [])
        #expect(registry.violations == [])
    }
}

import BuildModel
import HTTPTransport
import Registry
import TestSupport
import Testing

@Suite("Which answers are asked for again")
struct RetryTests {
    let client = RegistryClient(settings: StrictFixture.settings(), http: StrictFixture().http)

    @Test(
        "what may be another one later is",
        arguments: [408, 429, 499, 500, 502, 503, 504, 522],
        ["HEAD /v2/app/blobs/", "POST /v2/app/blobs/", "PUT /upload/", "PUT /v2/app/manifests/"]
    )
    func temporary(status: Int, request: String) async throws {
        let registry = try Self.registry(request, status, "", times: 1)
        try await push(to: registry)
        #expect(registry.requests.last == "PUT /v2/app/manifests/v1")
    }

    @Test(
        "what says that it is busy is, whatever status it has",
        arguments: ["TOOMANYREQUESTS", "UNAVAILABLE", "UNKNOWN", "BLOB_UPLOAD_INVALID"]
    )
    func busy(code: String) async throws {
        let registry = try Self.registry("PUT /upload/", 400, code, times: 1)
        try await push(to: registry)
        // Small blobs begin anew.
        #expect(registry.requests.filter { $0.hasPrefix("POST ") }.count == 3, "\(registry.requests)")
    }

    @Test(
        "what stays as it is is not",
        arguments: [
            (400, "DIGEST_INVALID"), (400, "SIZE_INVALID"), (400, "NAME_INVALID"), (401, "UNAUTHORIZED"),
            (403, "DENIED"), (403, "UNKNOWN"), (404, "NAME_UNKNOWN"), (413, ""), (416, "DIGEST_INVALID"),
        ]
    )
    func final(status: Int, code: String) async throws {
        let registry = try Self.registry("PUT /upload/", status, code, times: .max)
        let failure = try await #require(throws: BuildFailure.self) { try await push(to: registry) }
        #expect(!failure.isRetryable && failure.message.contains("\(status) \(code)".trimmed), "\(failure)")
        // The layer and the config, once each.
        #expect(registry.requests.filter { $0.hasPrefix("PUT ") }.count <= 2, "\(registry.requests)")
    }

    /// One that gives the first answers to some requests itself.
    private static func registry(_ start: String, _ status: Int, _ code: String, times: Int) throws -> FakeRegistry {
        try FakeRegistry { request, number in
            guard "\(request.method) \(request.target)".hasPrefix(start), number <= times else { return false }
            request.respond(status, body: code.isEmpty ? "" : #"{"errors":[{"code":"\#(code)","message":"no"}]}"#)
            return true
        }
    }

    private func push(to registry: FakeRegistry) async throws {
        let target = ImageReference(registry: registry.host, repository: "app", tag: "v1")
        let image = StrictFixture.image([StrictFixture.blob(1000)])
        _ = try await client.push(image, to: target, confirm: {}, log: CollectedLog())
    }
}

extension String {
    fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}

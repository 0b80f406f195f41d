import BuildModel
import Documents
import Platform
import Registry
import StrictRegistry
import Synchronization
import TestSupport
import Testing

@Suite("What a probe says")
struct ProbeTests {
    let fixture = StrictFixture()

    @Test("of a registry that refuses tells what it asks for, and why it refuses")
    func refused() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 60))
        let probe = try await client(of: registry, password: "wrong").probe(registry.host, repository: "team/app")
        #expect(probe.status == 401 && probe.scheme == "bearer")
        #expect(try Self.refusal(probe).contains("incorrect username or password"))
    }

    @Test("tells who is asked for, and leaves nothing behind")
    func allowed() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 60))
        let probe = try await client(of: registry).probe(registry.host, repository: "team/app")
        #expect(probe.status == 200 && probe.scheme == "bearer" && probe.pushing == .allowed)
        #expect(probe.identity == "user 'user'" && probe.knowledge.referrers == true)
        #expect(registry.requests.last?.hasPrefix("GET /v2/team/app/referrers/") == true)
        #expect(registry.requests.contains { $0.hasPrefix("DELETE ") })
        #expect(registry.violations == [] && registry.openUploads == 0)
    }

    @Test(
        "a registry that cannot say now says neither yes nor no",
        arguments: [
            (.tooManyRequests(retryAfter: nil), "429 TOOMANYREQUESTS: slow down", "try again later"),
            (.tooManyRequests(retryAfter: 1), "429 TOOMANYREQUESTS: slow down", "try again later"),
            (.serverError, "500 UNKNOWN: unknown error", "Try again later"), (.badGateway, "502", "Try again later"),
            (.truncatedJSON, "503", "Try again later"), (.reset(afterBytes: 0), "broke", "registry's log"),
        ] as [(Fault, String, String)]
    )
    func later(fault: Fault, words: String, advice: String) async throws {
        let registry = try StrictRegistry { _, method, _ in method == "POST" ? fault : nil }
        let text = try Self.unknown(try await client().probe(registry.host, repository: "team/app"))
        for part in [
            "POST http://\(registry.host)/v2/team/app/blobs/uploads/", "\(registry.host)/team/app", words, advice,
        ] {
            #expect(text.contains(part), "\(text)")
        }
        // It has asked for patience.
        #expect(!registry.requests.contains { $0.contains("/referrers/") })
    }

    @Test(
        "a refusal is a no, with the registry's words and what to do",
        arguments: [
            (403, "DENIED", "Configure a user for"), (404, "NAME_UNKNOWN", "create it, or allow"),
            (401, "UNAUTHORIZED", "Configure a user name"), (405, "UNSUPPORTED", "registry's log"),
        ]
    )
    func refusal(status: Int, code: String, advice: String) async throws {
        let registry = try FakeRegistry { request, _ in
            guard request.method == "POST" else { return false }
            request.respond(status, body: #"{"errors":[{"code":"\#(code)","message":"own words"}]}"#)
            return true
        }
        let text = try Self.refusal(try await client().probe(registry.host, repository: "app"))
        #expect(text.contains("\(status) \(code): own words") && text.contains(advice), "\(text)")
    }

    @Test("a token server that is busy is no refusal")
    func busyTokenServer() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 60))
        registry.setSchedule { _, _, path in path == "/token" ? .tooManyRequests(retryAfter: 0) : nil }
        let failure = try await #require(throws: BuildFailure.self) {
            try await client(of: registry).probe(registry.host, repository: "team/app")
        }
        #expect(failure.message.contains("The credentials were not judged"), "\(failure)")
        let number = Mutex(0)
        registry.setSchedule { _, _, path in
            guard path == "/token" else { return nil }
            return number.withLock { number in
                number += 1
                return number > 1 ? .tooManyRequests(retryAfter: 0) : nil
            }
        }
        let text = try Self.unknown(try await client(of: registry).probe(registry.host, repository: "team/app"))
        #expect(text.contains("The credentials were not judged"), "\(text)")
    }

    @Test("a probe that is cancelled closes the upload that it opened")
    func cancelled() async throws {
        let registry = try StrictRegistry(access: .bearer(user: "user", password: "pass", lifetime: 60))
        let task = Mutex<Task<RegistryProbe, any Error>?>(nil)
        let client = client(of: registry)
        // The token ends just when the upload is to be closed, and the probe is cancelled while it gets another one.
        let isClosing = Mutex(false)
        registry.setSchedule { _, method, path in
            if method == "DELETE",
                isClosing.withLock({ isClosing in
                    defer { isClosing = true }
                    return !isClosing
                })
            {
                return .expiredTokens
            }
            guard path == "/token", isClosing.withLock({ $0 }) else { return nil }
            task.withLock { $0?.cancel() }
            return .slow
        }
        let probe = Task { try await client.probe(registry.host, repository: "team/app") }
        task.withLock { $0 = probe }
        _ = try? await probe.value
        #expect(registry.requests.filter { $0.hasPrefix("DELETE ") }.count == 2, "\(registry.requests)")
        #expect(registry.openUploads == 0)
    }

    @Test("the command prints a no, a yes and what is not known differently, for people and for programs")
    func command() async throws {
        let registry = try StrictRegistry { _, method, path in
            method == "POST" && path.contains("/busy/") ? .tooManyRequests(retryAfter: 0) : nil
        }
        let scratch = try Scratch()
        func probe(_ repository: String, _ more: [String] = []) async throws -> String {
            let words = ["registry", "probe", registry.host, "--repository", repository]
            return try await SlipwayProgram.output(words + ["--cache-directory", scratch("cache")] + more).text
        }
        let busy = try JSONDocument.parse(Array(try await probe("busy/app", ["-o", "json"]).utf8))
        #expect(busy["allowsPush"] == .null)
        #expect(
            busy["pushFailure"]?.string?.contains("429 TOOMANYREQUESTS: slow down") == true,
            "\(busy.canonicalText)"
        )
        let open = try JSONDocument.parse(Array(try await probe("team/app", ["-o", "json"]).utf8))
        #expect(open["allowsPush"] == true && open["pushFailure"] == nil, "\(open.canonicalText)")
        let text = try await probe("busy/app")
        #expect(text.contains("may push   not known now. Cannot try an upload in \(registry.host)/busy/app"), "\(text)")
    }

    private static func unknown(_ probe: RegistryProbe) throws -> String {
        guard case .unknown(let words) = probe.pushing else { throw UnexpectedAnswer(probe: probe) }
        return words
    }

    private static func refusal(_ probe: RegistryProbe) throws -> String {
        guard case .refused(let words) = probe.pushing else { throw UnexpectedAnswer(probe: probe) }
        return words
    }

    private struct UnexpectedAnswer: Error {
        var probe: RegistryProbe
    }

    private func client(of registry: StrictRegistry? = nil, password: String = "pass") -> RegistryClient {
        var settings = StrictFixture.settings()
        if let registry { settings.credentials[registry.host] = .init(username: "user", password: Redacted(password)) }
        return RegistryClient(settings: settings, http: fixture.http)
    }
}

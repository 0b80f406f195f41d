import Platform
import TestSupport
import Testing

extension StepFixture {
    /// Builds twice, the second time from memory, then on a node that has and remembers nothing, and runs what podman pulls.
    ///
    /// - Parameters:
    ///   - page: what the app answers.
    ///   - environment: what it is told beside `PORT`.
    ///   - otherCache: that node's directory, which the builds' user may make; nil where the language's own tools never make the same
    ///     twice, or where another test sees that they do.
    @discardableResult
    func check(
        steps: [String],
        page: String,
        environment: [String: String] = [:],
        otherCache: String? = "other-cache"
    ) async throws -> String? {
        let first = try await build("1")
        try #require(first.result.succeeded, "\(first.log)")
        #expect(first.run == steps, "\(first.log)")
        let second = try await build("2")
        #expect(second.remembered == steps, "\(second.log)")
        #expect(second.run == [])
        #expect(second.digest == first.digest)
        if let otherCache { try await checkElsewhere(otherCache, steps: steps, first.digest) }
        try await Self.answers("\(registry.host)/apps/app:2", page: page, environment)
        return first.digest
    }

    private func checkElsewhere(_ cache: String, steps: [String], _ digest: String?) async throws {
        var other = self
        other.variables["SLIPWAY_CACHE_DIRECTORY"] = scratch(cache)
        let build = try await other.build("3")
        #expect(build.run == steps, "\(build.log)")
        #expect(build.digest == digest, "the same commands made other layers")
    }

    private static func answers(_ image: String, page: String, _ environment: [String: String]) async throws {
        let podman = try Podman()
        let port = Port.free()
        var answer = ""
        do {
            try await podman.pull(image)
            try await podman.start(image, port: port, environment: environment)
            try await eventually("the app answers on PORT") {
                answer = try await Command.result(["curl", "--silent", "http://127.0.0.1:\(port)/"]).text
                return answer == page
            }
        } catch {
            let logs = try? await podman.logs()
            try? await podman.remove()
            throw CommandFailed(description: "\(error); it answers: \(answer); it says: \(logs ?? "nothing")")
        }
        try await podman.remove()
    }
}

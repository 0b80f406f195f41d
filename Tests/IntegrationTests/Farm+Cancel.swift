import BuildModel
import Documents
import TestSupport
import Testing

extension Farm {
    /// Leases so long that no renewal comes within minutes: whoever hears sooner that a build is cancelled was told.
    static let longLeases = "queue:\n  leaseSeconds: 900\n  renewSeconds: 300\n"

    /// Cancels a build that runs, as an operator would, and returns its status when it has ended. It must have ended long before its
    /// worker asked for itself.
    ///
    /// - Parameter limit: milliseconds. A second is the promise; a busy machine gets more.
    func cancel(_ id: String, within limit: Int = 120_000) async throws -> JSONValue {
        let reply = try await slipway("cancel", id, "-o", "json")
        #expect(try JSONDocument.parse(reply.text)["stopping"] == true, "\(reply.text)\(reply.errorText)")
        let status = try await ended(id)
        #expect(status["state"] == "CANCELLED")
        #expect(status["failure"]?["code"] == "cancelled")
        let told = try #require(try await time(of: "cancelling", id))
        let stopped = try #require(try await time(of: "finished", id))
        #expect(stopped - told < limit)
        let claimed = try #require(try await time(of: "claimed", id))
        #expect(stopped - claimed < 300_000, "so long that a renewal may have told of it: nothing is proved")
        return status
    }

    /// When something was last told of a build, in milliseconds by Redis' clock.
    func time(of type: String, _ id: String) async throws -> Int? {
        let events = try await entries("slipway:{farm}:events:\(id)")
        return events.last { $0["type"] == type }?["time"].flatMap { Int($0) }
    }

    /// Whether the registry has a build's image under its tag.
    func hasTag(_ id: String, in repository: String) async throws -> Bool {
        let url = "http://\(registry.host)/v2/\(repository)/manifests/\(id)"
        let type = "Accept: application/vnd.oci.image.manifest.v1+json"
        return try await Command.result(["curl", "-sfI", "-H", type, url]).succeeded
    }
}

internal import BuildModel
internal import RedisTransport

/// What loading the functions found and did.
package enum LibraryState: Sendable, Hashable {
    /// There was none; ours was loaded.
    case loaded
    /// Ours was there.
    case current
    /// There was an older one, or a changed one of the same revision; ours took its place.
    case replaced(revision: Int)
    /// There is a newer one, which was left alone: within one protocol version a newer one serves older workers.
    case newer(revision: Int)
}

/// The queue's functions (`FUNCTION LOAD`), one library per protocol version, so that a rolling upgrade to another
/// version does not change what older workers call.
enum FunctionLibrary {
    static let name = "slipway_v1"

    /// The source as it is loaded: its first line names the library, its second the revision.
    static let code: [UInt8] = [
        PackageResources.common_lua, PackageResources.turns_lua, PackageResources.ending_lua,
        PackageResources.intake_lua, PackageResources.lease_lua, PackageResources.log_lua,
        PackageResources.progress_lua, PackageResources.recovery_lua, PackageResources.operate_lua,
    ].flatMap { $0 }

    /// Sees to it that the server has these functions.
    ///
    /// - Throws: `BuildFailure`, also if the server is too old to have functions at all.
    static func load(into client: RedisClient) async throws -> LibraryState {
        let present = try await present(in: client)
        if present == code { return .current }
        let revision = present.map(revision(of:))
        if let revision, revision > self.revision(of: code) { return .newer(revision: revision) }
        try await client.send(["FUNCTION", "LOAD", "REPLACE", RedisArgument(code)])
        return revision.map { .replaced(revision: $0) } ?? .loaded
    }

    private static func present(in client: RedisClient) async throws -> [UInt8]? {
        let words: [RedisArgument] = ["FUNCTION", "LIST", "LIBRARYNAME", RedisArgument(name), "WITHCODE"]
        let reply = try await client.reply(words)
        if case .error(let text) = reply, text.hasPrefix("ERR unknown command") {
            throw BuildFailure(
                .platform,
                .invalidConfiguration,
                operation: "queue.prepare",
                message: "\(client.endpoint) has no functions: Slipway needs Redis 7.0 or later.",
                cause: text
            )
        }
        let list = try reply.checked(client.endpoint, operation: "queue.prepare")
        guard case .bytes(let code)? = list[0]?.pairs["library_code"] else { return nil }
        return code
    }

    /// The number in the line `-- revision N`; 0 if there is no such line.
    static func revision(of code: [UInt8]) -> Int {
        let mark = "-- revision "
        let lines = String(decoding: code.prefix(256), as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix(mark) }
        return line.flatMap { Int($0.dropFirst(mark.count)) } ?? 0
    }
}

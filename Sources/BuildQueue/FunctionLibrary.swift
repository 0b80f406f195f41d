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
    /// The server forbids `FUNCTION`, or has none; scripts of the same source stand in.
    case scripts
    /// The server forbids `FUNCTION` and scripts, but somebody has loaded a library, which is used as it is.
    case foreign
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
    static func load(into client: RedisClient, form: CallForm) async throws -> LibraryState {
        do {
            let state = try await load(into: client)
            form.use(.functions)
            return state
        } catch is Forbidden {
            // Scripts are of this worker's own revision; a library of unknown revision is the last resort.
            let reply = try await client.reply(["EVAL", "return 1", 0])
            if case .error(let text) = reply, text.hasPrefix("NOPERM") {
                form.use(.functions)
                return .foreign
            }
            form.use(.scripts)
            return .scripts
        }
    }

    /// The server has no functions, or this user may not load them.
    private struct Forbidden: Error {}

    /// Whether an error reply says that functions cannot be used at all.
    static func isForbidden(_ text: String) -> Bool {
        let words = text.lowercased()
        guard text.hasPrefix("NOPERM") || words.hasPrefix("err unknown command") else { return false }
        return words.contains("function") || words.contains("fcall")
    }

    private static func load(into client: RedisClient) async throws -> LibraryState {
        let present = try await present(in: client)
        if present == code { return .current }
        let revision = present.map(revision(of:))
        if let revision, revision > self.revision(of: code) { return .newer(revision: revision) }
        let reply = try await client.reply(["FUNCTION", "LOAD", "REPLACE", RedisArgument(code)])
        if case .error(let text) = reply, isForbidden(text) { throw Forbidden() }
        _ = try reply.checked(client.endpoint, operation: "queue.prepare")
        return revision.map { .replaced(revision: $0) } ?? .loaded
    }

    private static func present(in client: RedisClient) async throws -> [UInt8]? {
        let words: [RedisArgument] = ["FUNCTION", "LIST", "LIBRARYNAME", RedisArgument(name), "WITHCODE"]
        let reply = try await client.reply(words)
        if case .error(let text) = reply, isForbidden(text) { throw Forbidden() }
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

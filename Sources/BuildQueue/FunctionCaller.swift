package import BuildModel
internal import Platform
internal import RedisTransport

extension BuildFailure.Code {
    /// The build is no longer this worker's: another epoch has it, or it ended. Nothing may be done for it any more.
    package static let leaseLost = Self(rawValue: "lease_lost")
    /// The lease ran out by Redis' clock, and nobody has taken the build yet: until it is renewed nothing may be done for it.
    package static let leaseOver = Self(rawValue: "lease_over")
    /// A newer build of the same `supersedes` key took the build's place.
    package static let superseded = Self(rawValue: "superseded")
    /// The build lost its worker so often that it is not run again by itself.
    package static let quarantined = Self(rawValue: "quarantined")
}

extension BuildFailure {
    /// Why a build that somebody cancelled stops.
    ///
    /// - Parameters:
    ///   - code: what the queue says: `cancelled` or `superseded`.
    ///   - message: the queue's words for people.
    static func stopped(code: String, message: String) -> BuildFailure {
        let words = message.isEmpty ? "Cancelled on request." : message
        return BuildFailure(.cancelled, .init(rawValue: code), operation: "queue.cancel", message: words)
    }
}

/// Calls the queue's functions. Every one of them may be called again with the same arguments when its reply was lost,
/// so a connection that breaks is tried again until the deadline.
struct FunctionCaller: Sendable {
    let client: RedisClient
    let keys: QueueKeys
    let form = CallForm()

    /// - Parameters:
    ///   - function: the name without the library's prefix.
    ///   - limit: for all tries together.
    /// - Throws: `BuildFailure`: `lease_lost`, `invalid_request`, or what Redis or the network says.
    func call(
        _ function: String,
        _ arguments: [RedisArgument],
        within limit: Duration = .seconds(10)
    ) async throws -> RedisValue {
        let deadline = Deadline(after: limit)
        while true {
            do {
                return try await attempt(function, arguments, by: deadline)
            } catch {
                let failure = BuildFailure(error, operation: "queue.\(function)")
                guard failure.isRetryable, Self.isPassing(failure.code), !deadline.hasPassed else { throw failure }
                // Opening the next connection has its own growing delay; this one spares a server that answers but is not ready.
                try await pause(min(deadline.remaining, .milliseconds(Int64.random(in: 25...50))), function)
                guard !deadline.hasPassed else { throw failure }
            }
        }
    }

    /// Whether a failure says that the server has done nothing, or that repeating the call is harmless, and may pass.
    private static func isPassing(_ code: BuildFailure.Code) -> Bool {
        code == .unreachable || code == .redisWrongServer
    }

    private func pause(_ time: Duration, _ function: String) async throws {
        do {
            try await Task.sleep(for: time)
        } catch {
            throw BuildFailure(error, operation: "queue.\(function)")
        }
    }

    private func attempt(
        _ name: String,
        _ arguments: [RedisArgument],
        by deadline: Deadline
    ) async throws -> RedisValue {
        let limit = max(.milliseconds(1), min(deadline.remaining, .seconds(5)))
        var reply = try await send(name, arguments, within: limit)
        if case .error(let text) = reply, form.current == .functions, Self.lacksFunctions(text) {
            _ = try await FunctionLibrary.load(into: client, form: form)
            reply = try await send(name, arguments, within: limit)
        }
        if case .error(let text) = reply, let failure = Self.failure(text, "queue.\(name)") { throw failure }
        return try reply.checked(client.endpoint, operation: "queue.\(name)")
    }

    private func send(
        _ name: String,
        _ arguments: [RedisArgument],
        within limit: Duration
    ) async throws -> RedisValue {
        let keys: [RedisArgument] = [2, keys.intake, keys.absent]
        guard form.current == .scripts else {
            let function = RedisArgument("\(FunctionLibrary.name)_\(name)")
            return try await client.reply(["FCALL", function] + keys + arguments, within: limit)
        }
        let (script, rest) = (FunctionScript.of(name), keys + [RedisArgument(name)] + arguments)
        let reply = try await client.reply(["EVALSHA", RedisArgument(script.digest)] + rest, within: limit)
        guard case .error(let text) = reply, text.hasPrefix("NOSCRIPT") else { return reply }
        return try await client.reply(["EVAL", RedisArgument(script.code)] + rest, within: limit)
    }

    private static func lacksFunctions(_ text: String) -> Bool {
        text.hasPrefix("ERR Function not found") || FunctionLibrary.isForbidden(text)
    }

    /// The failure for one of the functions' own error replies.
    private static func failure(_ text: String, _ operation: String) -> BuildFailure? {
        if text.hasPrefix("LEASELOST ") {
            let message = "The lease is lost: \(text.dropFirst("LEASELOST ".count))."
            return BuildFailure(.platform, .leaseLost, operation: operation, message: message)
        }
        if text.hasPrefix("LEASEOVER ") {
            let message = "The lease is over: \(text.dropFirst("LEASEOVER ".count))."
            return BuildFailure(.platform, .leaseOver, operation: operation, message: message, isRetryable: true)
        }
        if text.hasPrefix("CANCELLED ") {
            let words = text.split(separator: " ", maxSplits: 2).map(String.init)
            return .stopped(code: words.count > 1 ? words[1] : "", message: words.count > 2 ? words[2] : "")
        }
        if text.hasPrefix("INVALID ") {
            let message = "Redis refused the call: \(text.dropFirst("INVALID ".count))."
            return BuildFailure(.code, .invalidRequest, operation: operation, message: message)
        }
        return nil
    }

    /// A reply that is not what the function is documented to return.
    static func unexpected(_ reply: RedisValue, _ operation: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .protocolViolation,
            operation: operation,
            message: "A queue function gave an unexpected reply; is another version of the library loaded?",
            cause: String(describing: reply).prefix(200).description
        )
    }
}

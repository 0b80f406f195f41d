package import BuildModel
internal import Documents
internal import Platform
internal import RedisTransport

/// Why a build waits, as far as the queue can tell.
package struct WaitingReason: Sendable, Hashable {
    /// For machines: `position`, `tenant`, `tenantRunning`, `tenantLimit`, `projectRunning`, `projectLimit`, `workers` (seen
    /// within a minute), `fitting` (those with its labels), `open` (those of them that take builds), `closed` (why one does not),
    /// `labels`, `notBefore`, `before` (an older build of its project that is ready), `isFar` (so many are before it that workers
    /// look at it from time to time alone).
    package var json: JSONValue

    /// For people: the first thing that has to change before the build can begin.
    package var text: String {
        if let due = json["notBefore"]?.integer { return "waits until \(Timestamp.text(milliseconds: due))" }
        if number("workers") == 0 { return "no worker of this farm has been seen for a minute" }
        if number("fitting") == 0 { return "no worker has its labels \(json["labels"]?.string ?? "")" }
        if number("open") == 0, let closed = json["closed"]?.string { return "no worker takes builds now; \(closed)" }
        if isFull("project") { return "a build of its project runs, or waits for its next attempt" }
        if isFull("tenant") { return "its tenant has \(number("tenantRunning")) builds running, as many as it may" }
        if let before = json["before"]?.string { return "build \(before) of its project comes first" }
        if json["isFar"] != nil {
            return "number \(number("position")) of its tenant; beyond the first 2048 workers look at a part each time"
        }
        return "number \(number("position")) of its tenant, until a slot is free"
    }

    private func number(_ name: String) -> Int64 { json[name]?.integer ?? 0 }

    private func isFull(_ what: String) -> Bool {
        let limit = number(what + "Limit")
        return limit > 0 && number(what + "Running") >= limit
    }
}

extension BuildQueueClient {
    /// Why a build waits; nil if it does not.
    ///
    /// - Throws: `BuildFailure`.
    package func reasonToWait(_ id: String) async throws -> WaitingReason? {
        let reply = try await caller.call("explain", [RedisArgument(id)])
        guard let text = reply.text else { return nil }
        return WaitingReason(json: try JSONDocument.parse(text))
    }

    /// What waits and what runs: `ready`, `running`, `delayed`, `intake`, `buried`, `oldestReadyMilliseconds`, `tenants`
    /// and `workers` of the last minute, with why they take no builds (`closed`) if they do not.
    ///
    /// - Throws: `BuildFailure`.
    package func overview() async throws -> JSONValue {
        let reply = try await caller.call("overview", [])
        guard let text = reply.text else { throw FunctionCaller.unexpected(reply, "queue.overview") }
        var overview = try JSONDocument.parse(text)
        // Lua has one kind of table, and writes an empty one as an object.
        for name in ["tenants", "workers"] where overview[name]?.array == nil { overview[name] = .array([]) }
        return overview
    }
}

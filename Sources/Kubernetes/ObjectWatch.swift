internal import BuildModel
internal import Platform

/// Follows one object for as long as it is asked to: lists it, watches from there, resumes a watch that ended where it ended, and lists
/// again when the server no longer knows that place.
struct ObjectWatch: Sendable {
    let client: ClusterClient
    let kind: ClusterResource
    let namespace: String
    let name: String

    /// Hands over the object as it is and each time it changes; nil when it is gone. Does not return.
    ///
    /// - Parameter trouble: hears of trouble that may pass, which is waited out.
    /// - Throws: `BuildFailure` if the cluster refuses for good, or when the task is cancelled.
    func run(trouble: (BuildFailure) -> Void, _ yield: (JSONValue?) -> Void) async throws {
        var backoff = Backoff(base: client.settings.retryDelay)
        var version: String?
        while true {
            try Task.checkCancellation()
            var retryAfter: Duration?
            let start = ContinuousClock.now
            do {
                if version == nil { version = try await list(yield) }
                try await follow(&version, yield)
            } catch let refused as RefusedWatch {
                retryAfter = refused.retryAfter
                try await recover(from: refused.failure, &version)
                trouble(refused.failure)
            } catch let failure as BuildFailure {
                try await recover(from: failure, &version)
                trouble(failure)
            }
            // A server that ends every watch at once must not be asked without a pause.
            if start.duration(to: .now) > .seconds(1) { backoff = Backoff(base: client.settings.retryDelay) }
            try await client.pause(for: backoff.next(retryAfter: retryAfter), in: request(.watch))
        }
    }

    /// Throws what will not pass, and forgets the place to go on from where the server no longer knows it.
    private func recover(from failure: BuildFailure, _ version: inout String?) async throws {
        switch failure.code {
        case .watchExpired: version = nil
        case .unauthorized:
            // Listing asks with renewed credentials, and says so if they are not accepted either.
            guard version != nil else { throw failure }
            version = nil
        default: guard failure.isRetryable else { throw failure }
        }
    }

    /// The object as it is now, asked for once; nil if it is gone.
    ///
    /// - Throws: `BuildFailure`, which may be retried where the cluster cannot be reached.
    func now() async throws -> JSONValue? {
        let request = ClusterRequest(.get, kind, namespace: namespace, name: name)
        do {
            return try await client.impatient.send(request).object
        } catch let failure as BuildFailure where failure.code == .notFound {
            return nil
        }
    }

    private func list(_ yield: (JSONValue?) -> Void) async throws -> String {
        let list = try await client.send(request(.list)).object
        guard let version = list["metadata"]?["resourceVersion"]?.string else {
            throw BuildFailure(
                .platform,
                .protocolViolation,
                operation: "kubernetes.list",
                message: "\(client.credentials.server) answered a list without a resourceVersion."
            )
        }
        yield(list["items"]?.array?.first)
        return version
    }

    private func follow(_ version: inout String?, _ yield: (JSONValue?) -> Void) async throws {
        var watch = request(.watch)
        let period = client.settings.watchPeriod
        watch.query += [
            ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version ?? ""),
            ("timeoutSeconds", String(max(1, Int(period.seconds)))),
        ]
        var latest = version
        defer { version = latest }
        try await client.watch(watch, period: period) { event in
            latest = event.object["metadata"]?["resourceVersion"]?.string ?? latest
            switch event.kind {
            case .added, .modified: yield(event.object)
            case .deleted: yield(nil)
            // A bookmark moves the version and nothing else; an error has ended the watch already.
            case .bookmark, .error: break
            }
        }
    }

    private func request(_ verb: ClusterRequest.Verb) -> ClusterRequest {
        ClusterRequest(verb, kind, namespace: namespace, query: [("fieldSelector", "metadata.name=\(name)")])
    }
}

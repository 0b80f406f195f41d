internal import BuildModel
internal import HTTPTransport
internal import Platform

extension RegistrySession {
    /// Sends one HTTP request once the gate of the host that it really goes to is open, and tells that gate what came back.
    ///
    /// Registries, token servers and the stores behind redirects each have a gate of their own: none waits for another's sake.
    ///
    /// - Parameters:
    ///   - isBulk: whether a blob's bytes go or come with it.
    ///   - check: called when the gate is open, right before the request is sent; what it throws ends the wait without a request.
    func roundTrip(
        _ request: HTTPRequest,
        isBulk: Bool,
        via exchange: Exchange,
        check: () throws -> Void = {}
    ) async throws -> (HTTPResponse, [UInt8]) {
        let host = try HTTPURL(parsing: request.url).place
        let (response, body) = try await gates.pass(host, isBulk: isBulk) {
            try check()
            return try await exchange(request)
        }
        let errors = response.status < 400 ? [] : RegistryError.read(body)
        if Retry.closesGate(response, errors) {
            let asked = Retry.asked(by: response, now: SystemInformation.currentMilliseconds / 1000)
            gates.close(host, for: asked, first: settings.firstDelay)
        } else if response.status < 500 {
            gates.widen(host, isBulk: isBulk)
        }
        return (response, body)
    }

    /// Tries something again where an answer or a broken connection says that it may help.
    ///
    /// - Parameter attempts: tries in all.
    /// - Returns: the last answer, whatever its status.
    func retrying(
        _ attempts: Int,
        _ body: () async throws -> (HTTPResponse, [UInt8])
    ) async throws -> (HTTPResponse, [UInt8]) {
        var attempt = 1
        while true {
            do {
                let (response, body) = try await body()
                let errors = response.status < 400 ? [] : RegistryError.read(body)
                guard Retry.isTemporary(response.status, errors), attempt < attempts else { return (response, body) }
                // Otherwise the next try waits before the gate that this answer has closed.
                if !Retry.closesGate(response, errors) { try await pause(after: attempt) }
            } catch let failure as BuildFailure {
                guard failure.isRetryable, attempt < attempts else { throw failure }
                try await pause(after: attempt)
            }
            attempt += 1
        }
    }

    private func pause(after attempt: Int) async throws {
        try await Self.sleep(Retry.delay(after: attempt, first: settings.firstDelay))
    }

    /// Sleeps; a cancellation becomes a failure like any other.
    static func sleep(_ duration: Duration) async throws {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw BuildFailure.cancelled(operation: "registry.wait")
        }
    }
}

extension HTTPURL {
    /// Host and port that are connected to, whether or not the port is written: what a gate belongs to.
    var place: String { "\(host):\(effectivePort)" }
}

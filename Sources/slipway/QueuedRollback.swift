import BuildModel
import BuildQueue
import Platform
import Settings

/// A rollback as a build of the farm: enqueued, followed, and told how it ended.
struct QueuedRollback: Sendable {
    let settings: WorkerSettings
    let id: String
    /// The request of the intake contract.
    let request: JSONValue

    /// Whether a worker of the farm was seen of late; says so if not.
    func isServed() async throws -> Bool {
        let reason: String
        do {
            let overview = try await QueueReader.with(settings) { try await $0.overview() }
            if overview["workers"]?.array?.isEmpty == false { return true }
            reason = "no worker of farm '\(settings.farm)' has been seen for a minute"
        } catch let failure as BuildFailure where failure.code == .unreachable {
            reason = "the queue cannot be reached"
        }
        StandardError.write("slipway: \(reason): going back from here, without the queue")
        return false
    }

    /// Enqueues it, shows its log on standard error until it has ended, and returns what it came to.
    ///
    /// - Throws: `BuildFailure` with the fault and the code of the build if it did not succeed.
    func run() async throws -> JSONValue {
        try await QueueReader.with(settings) { client in
            _ = try await client.enqueue(request.canonicalText)
            try await follow(client)
            guard let status = try await client.status(id) else { throw BuildQueueClient.unknown(id) }
            guard status.state == .success else { throw Self.failure(of: status) }
            let json = status.json
            var result: JSONValue = ["deploymentId": .string(id)]
            for name in ["rollbackDeploymentId", "deployment"] { result[name] = json[name] }
            return result
        }
    }

    /// Shows its log until it has ended, and as long as it waits, why: all workers may be gone by then.
    private func follow(_ client: BuildQueueClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await tellWhyItWaits(client) }
            defer { group.cancelAll() }
            let printer = LogPrinter(descriptor: 2)
            for try await entry in try await client.logs(id, follow: true) {
                printer.print(entry.line.text, phase: entry.line.phase)
            }
        }
    }

    private func tellWhyItWaits(_ client: BuildQueueClient) async {
        var told = ""
        while (try? await Task.sleep(for: .seconds(3))) != nil {
            // Whoever cannot be asked now is asked again.
            guard let reason = try? await client.reasonToWait(id), reason.text != told else { continue }
            told = reason.text
            StandardError.write("slipway: the rollback '\(id)' waits: \(told)")
        }
    }

    private static func failure(of status: BuildStatus) -> BuildFailure {
        guard let failure = status.failure else {
            return BuildFailure.cancelled(operation: "rollback")
        }
        return BuildFailure(
            BuildFailure.Fault(rawValue: failure.fault) ?? .platform,
            BuildFailure.Code(rawValue: failure.code),
            operation: "rollback",
            message: failure.message,
            isRetryable: failure.isRetryable
        )
    }
}

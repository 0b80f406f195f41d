/// One thing that has to be right for a worker to do what it promises: what `slipway doctor` asks, and a worker before it
/// takes its first build. A small type each; whoever adds a module's checks hands them over as a list.
package protocol HealthCheck: Sendable {
    /// A stable name in two parts, module and subject, such as `redis.persistence`. Operators name it in `worker.acceptedRisks`.
    var name: String { get }

    /// Looks, and changes nothing that is not there anyway. Bounded in time.
    ///
    /// - Throws: what kept it from looking; that counts as a problem.
    func verdict() async throws -> HealthVerdict
}

/// What a check says.
package enum HealthVerdict: Sendable, Hashable {
    /// All is well; the message has the fact that was looked at.
    case ok(String)
    /// Worth an operator's look; nothing that was promised breaks.
    case warning(String, remedy: String)
    /// A promise cannot be kept: a worker does not start unless the operator accepts that.
    case problem(String, remedy: String)
}

/// A check's name with its verdict, as it is printed.
package struct HealthFinding: Sendable, Hashable {
    /// How bad it is, in this order.
    package enum Status: String, Sendable, Hashable, CaseIterable {
        case ok, warning, problem
    }

    package var name: String
    package var status: Status
    /// What was found, in a sentence.
    package var message: String
    /// What to do about it; empty if nothing is to be done.
    package var remedy: String

    package init(_ name: String, _ verdict: HealthVerdict) {
        self.name = name
        switch verdict {
        case .ok(let message): (status, self.message, remedy) = (.ok, message, "")
        case .warning(let message, let remedy): (status, self.message, self.remedy) = (.warning, message, remedy)
        case .problem(let message, let remedy): (status, self.message, self.remedy) = (.problem, message, remedy)
        }
    }
}

extension HealthCheck {
    /// The verdict with the name; a check that cannot be made is a problem.
    package func finding() async -> HealthFinding {
        do {
            return HealthFinding(name, try await verdict())
        } catch {
            let failure = BuildFailure(error, operation: name)
            return HealthFinding(name, .problem("\(failure)", remedy: "Put that right, then ask again."))
        }
    }
}

extension HealthFinding {
    /// The finding for programs: `name`, `status`, `message`, `remedy`.
    package var json: JSONValue {
        [
            "name": .string(name), "status": .string(status.rawValue), "message": .string(message),
            "remedy": .string(remedy),
        ]
    }
}

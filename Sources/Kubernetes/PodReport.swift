internal import BuildModel

/// The pods to look at, and the objects whose events tell of them.
struct PodScope: Sendable {
    var pods: RolloutPods
    /// What the pods were made by, as kinds and names; the last one is what their own names begin with.
    var owners: [(kind: ClusterResource, name: String)]
}

/// Finds out how pods fare and tells what is new. What cannot be found out is left out, and said once.
struct PodReport {
    let log: any BuildLog
    let find: @Sendable () async throws -> PodScope
    /// The last warnings of the cluster that are about the pods, or about what makes them.
    private(set) var warnings: [String] = []
    /// Whether any pod has come as far as running a container, or to its end.
    private(set) var hasStarted = false
    /// Whether the last look found out which pods there are.
    private(set) var hasSeenPods = false
    /// What was said already: events, pods whose last lines were shown, and what could not be done.
    private var said: Set<String> = []
    private static let shownLogs = 3

    init(log: any BuildLog, find: @escaping @Sendable () async throws -> PodScope) {
        self.log = log
        self.find = find
    }

    /// What is wrong with the pods now; nothing where the cluster does not tell. Says what the cluster warns of, and the last lines
    /// of containers that crashed, each once.
    mutating func look() async -> [PodTrouble] {
        let find = find
        hasSeenPods = false
        guard let scope = await attempt("find the newest pods", { try await find() }) else { return [] }
        let found = await attempt("look at the pods") { try await scope.pods.list() }
        hasSeenPods = found != nil
        let pods = found ?? []
        hasStarted = hasStarted || pods.contains { !["Pending", nil].contains($0["status"]?["phase"]?.string) }
        let troubles = RolloutPods.troubles(pods)
        if let found = await attempt("read the events", { try await scope.pods.warnings(about: scope.owners) }) {
            warnings = found
        }
        for warning in warnings where said.insert(warning).inserted { log.say("Event: \(warning)", .deploying) }
        await showLogs(of: troubles, scope.pods)
        return troubles
    }

    private mutating func showLogs(of troubles: [PodTrouble], _ pods: RolloutPods) async {
        let told = said
        let room = Self.shownLogs - told.count { $0.hasPrefix("log ") }
        for trouble in troubles.filter({ $0.crashedContainer != nil && !told.contains("log \($0.pod)") }).prefix(room) {
            guard let container = trouble.crashedContainer else { continue }
            let lines = await attempt("read the log of pod \(trouble.pod)") {
                try await pods.lastLines(of: trouble, container: container)
            }
            // It may not be there yet: the next look asks again.
            guard let lines, !lines.isEmpty else { continue }
            said.insert("log \(trouble.pod)")
            log.say("The last lines of pod \(trouble.pod):", .deploying)
            for line in lines { log.write(line, stream: .stderr, phase: .deploying) }
        }
    }

    private mutating func attempt<Value>(_ what: String, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            let failure = BuildFailure(error, operation: "kubernetes.rollout")
            if failure.fault != .cancelled, said.insert(what).inserted {
                log.say("Could not \(what): \(failure)", .deploying)
            }
            return nil
        }
    }
}

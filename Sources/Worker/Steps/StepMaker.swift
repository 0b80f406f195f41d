package import BuildModel
package import GitStore
package import ImageBuild
internal import Platform
package import Registry
package import RootFilesystem
package import Sandbox

/// Runs the steps of plans, or takes their results from memory: the same for a worker and for a person at a terminal.
package struct StepMaker: Sendable {
    let bases: BaseImageFinder
    let registry: RegistryClient
    let filesystems: RootFilesystems
    let sandbox: SandboxRunner
    private(set) var layers: LayerSettings
    let memo: StepMemo
    let blobs: StepBlobs
    let caches: StepCaches
    let policy: StepPolicy

    /// Also removes what steps of processes that are gone left.
    package init(
        bases: BaseImageFinder,
        registry: RegistryClient,
        filesystems: RootFilesystems,
        sandbox: SandboxRunner,
        layers: LayerSettings,
        memo: StepMemo,
        caches: StepCaches,
        policy: StepPolicy
    ) throws(BuildFailure) {
        self.bases = bases
        self.registry = registry
        self.filesystems = filesystems
        self.sandbox = sandbox
        self.layers = layers
        self.memo = memo
        self.caches = caches
        self.policy = policy
        try StepScratch.sweep(policy.directory)
        blobs = try StepBlobs(directory: "\(policy.directory)/layers", limit: policy.layerBytes)
    }

    /// Whether steps of this node are told apart by their ids.
    package var mapsIDs: Bool { sandbox.mapsIDs }

    /// The same, with layers of another format.
    package func making(_ format: LayerFormat) -> StepMaker {
        var maker = self
        maker.layers.format = format
        return maker
    }

    /// Runs or remembers the steps of one phase, on top of what earlier ones made.
    ///
    /// - Parameter source: whoever keeps the revision's tree.
    /// - Throws: `BuildFailure`: of the code where its command failed or reached a limit, of the platform otherwise.
    package func perform(
        _ steps: [BuildStep],
        after earlier: StepLayers,
        _ revision: Revision,
        from source: any RevisionSource,
        order: StepOrder,
        log: any BuildLog
    ) async throws -> StepLayers {
        var made = earlier
        var rest = steps[...]
        while let step = rest.first {
            let work = StepWork(maker: self, step: step, earlier: made, revision, source, order, log)
            if let result = try await work.result() {
                made.results.append(result)
                rest.removeFirst()
                continue
            }
            // It has to run on files that nobody has. Whoever makes those may make others than are remembered, so that what comes
            // after is looked up anew.
            guard let first = made.results.firstIndex(where: { !$0.isWhole }) else { throw StepWork.nowhere }
            let again = made.results[first...].map(\.step)
            made.results.removeSubrange(first...)
            let maker = StepWork(maker: self, step: again[0], earlier: made, revision, source, order, log)
            made.results.append(try await maker.madeAgain())
            rest = again.dropFirst() + rest
        }
        return made
    }

    /// Tells this node and the farm which repository of a registry has the layers that an image was pushed with.
    package func published(_ made: StepLayers, in reference: ImageReference, log: any BuildLog) async {
        let repository = "\(reference.registry)/\(reference.repository)"
        for result in made.results where result.record.places.first != repository {
            do {
                let record = result.record.placed(in: repository)
                try await memo.remember(record, for: result.key)
                try await memo.share(record, for: result.key)
            } catch {
                log.say(
                    "Step \(result.step.name) cannot be remembered: \(BuildFailure(error, operation: "steps.memo"))",
                    .pushing
                )
            }
        }
    }
}

/// What the operator decides about steps.
package struct StepPolicy: Sendable {
    /// Where scratch directories and layers of steps are; made by whoever wires.
    package var directory: String
    package var scope: StepScope
    /// Bytes of layers that are kept.
    package var layerBytes: Int64
    /// Bytes of unpacked images that are kept while nobody uses them, and for how long.
    package var filesystemBytes: Int64
    package var filesystemAge: Duration
    /// Variables for every step, beside the image's and before the rule's.
    package var environment: [String: String]
    /// `HOST:PORT` that steps with a network reach beside what their rules name.
    package var hosts: [String]
    /// `HOST:PORT` that repositories may name for their steps beside `hosts`.
    package var openHosts: [String]

    package init(
        directory: String,
        scope: StepScope = .project,
        layerBytes: Int64 = 4 << 30,
        filesystemBytes: Int64 = 20 << 30,
        filesystemAge: Duration = .seconds(30 * 86_400),
        environment: [String: String] = [:],
        hosts: [String] = [],
        openHosts: [String] = []
    ) {
        self.directory = directory
        self.scope = scope
        self.layerBytes = layerBytes
        self.filesystemBytes = filesystemBytes
        self.filesystemAge = filesystemAge
        self.environment = environment
        self.hosts = hosts
        self.openHosts = openHosts
    }
}

extension StepPolicy {
    /// What a step with a network reaches, sorted.
    ///
    /// - Throws: `BuildFailure` with code `host_not_allowed` for what the repository names and the operator does not.
    func admitted(_ hosts: [String], of step: BuildStep) throws(BuildFailure) -> [String] {
        if step.networkOrigin == .repository {
            let known = self.hosts + openHosts
            for host in hosts where !StepNetwork.allows(host, by: known) {
                throw BuildFailure(
                    .code,
                    BuildFailure.Code(rawValue: "host_not_allowed"),
                    operation: "steps.network",
                    message: "The repository may not name '\(host)' for step '\(step.name)'; steps may reach "
                        + "\(known.isEmpty ? "nothing" : known.joined(separator: ", ")). The operator can name it in "
                        + "steps.openHosts."
                )
            }
        }
        return Set(hosts + self.hosts).sorted()
    }
}

extension StepMaker {
    /// Where layers of steps are written, apart from the threads that compress for them.
    static let writers = BlockingPool(label: "slipway.steps", width: 2)

    /// Runs or remembers all steps of a plan, phase by phase.
    package func perform(
        _ plan: BuildPlan,
        _ revision: Revision,
        from source: any RevisionSource,
        order: StepOrder,
        timer: inout PhaseTimer,
        log: any BuildLog
    ) async throws -> StepLayers {
        var made = StepLayers()
        var rest = plan.steps[...]
        while let phase = rest.first?.phase {
            let steps = Array(rest.prefix { $0.phase == phase })
            rest = rest.dropFirst(steps.count)
            let earlier = made
            made = try await timer.measure(phase) {
                try await perform(steps, after: earlier, revision, from: source, order: order, log: log)
            }
        }
        return made
    }

    /// The failure of a node that runs no steps.
    package static func missing(_ plan: BuildPlan) -> BuildFailure {
        let names = plan.steps.map(\.name).joined(separator: ", ")
        return BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "steps.run",
            message: "This app needs steps run (\(names)), and this node has no sandbox for them."
        )
    }
}

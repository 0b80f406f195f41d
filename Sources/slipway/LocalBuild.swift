import BuildModel
import Buildpacks
import Documents
import GitStore
import ImageBuild
import Platform
import Registry
import Settings
import Telemetry
import Worker

/// The way of a build in one process, for a person at a terminal.
struct LocalBuild: Sendable {
    let workshop: Workshop
    let source: SourceOptions
    let target: OutputTarget
    let layerFormat: LayerFormat
    let printer: LogPrinter
    let accounts = LayerAccounts()

    /// - Parameter asked: whether the build is still wanted, right before anything that others can see.
    func run(
        _ settings: WorkerSettings,
        asked: @escaping @Sendable () async throws -> Void
    ) async throws -> LocalBuildResult {
        let log = TerminalLog(printer: printer, asked: asked)
        var timer = PhaseTimer(reporter: log)
        async let reading = workshop.ruleFiles()
        let asked = try await timer.measure(.cloning) { try await source.open(workshop, log: log) }
        let rules = try await reading
        async let warned: Void = asked.warnOfUncommittedChanges(in: source.builtPlace)
        let (plan, opened) = try await timer.measure(.detecting) {
            try await workshop.plan(asked, of: source, by: rules, log: log)
        }
        PlanNarrator.tell(plan, to: log)
        let made = try await workshop.steps.making(layerFormat).perform(
            plan,
            opened.revision,
            from: opened.source,
            order: try source.order,
            timer: &timer,
            log: log
        )
        let (image, place, ways) = try await sendingAhead(log) { ahead in
            let image = try await timer.measure(.assembling) {
                try await workshop.images.making(layerFormat).make(
                    plan,
                    opened.revision,
                    made,
                    from: opened.source,
                    log: log,
                    account: accounts,
                    ready: { ahead?.send($0) }
                )
            }
            let (place, ways) = try await timer.measure(.pushing) { try await deliver(image, after: ahead, log) }
            return (image, place, ways)
        }
        try await warned
        if case .registry(let reference) = target {
            await workshop.steps.published(made, in: reference, log: log)
        }
        return LocalBuildResult(
            place: place,
            image: image,
            plan: plan,
            revision: opened.revision,
            explanation: LayerExplanation.all(of: image, accounts, ways: ways),
            milliseconds: timer.milliseconds
        )
    }

    /// Layers go to a registry while others are made.
    private func sendingAhead<Value: Sendable>(
        _ log: TerminalLog,
        _ body: (BlobsAhead?) async throws -> Value
    ) async throws -> Value {
        guard case .registry(let reference) = target else { return try await body(nil) }
        return try await workshop.registry.sendingAhead(to: reference, log: log, body)
    }

    private func deliver(
        _ image: Image,
        after ahead: BlobsAhead?,
        _ log: TerminalLog
    ) async throws -> (place: String, ways: [Digest: BlobWay]?) {
        let (place, ways) = try await target.writing(workshop) { try await deliver(image, to: $0, after: ahead, log) }
        guard case .archive(let file, let tag) = target else { return (place, ways) }
        return ("oci-archive:\(file)" + (tag.map { ":\($0)" } ?? ""), ways)
    }

    private func deliver(
        _ image: Image,
        to target: OutputTarget,
        after ahead: BlobsAhead?,
        _ log: TerminalLog
    ) async throws -> (place: String, ways: [Digest: BlobWay]?) {
        switch target {
        case .registry(let reference):
            let published = try await workshop.registry.push(
                image,
                to: reference,
                after: ahead,
                confirm: log.asked,
                log: log
            )
            return (published.reference.description, published.ways)
        case .layout(let directory, let tag), .archive(let directory, let tag):
            try await OCILayout.write(image, to: directory, tag: tag) { blob in
                try await workshop.registry.fetchBlob(blob, spoolDirectory: workshop.layers.spoolDirectory)
            }
            return ("oci:\(directory)" + (tag.map { ":\($0)" } ?? ""), nil)
        }
    }
}

/// A log and reporter for a person: prints.
struct TerminalLog: AttemptReporter {
    let printer: LogPrinter
    var asked: @Sendable () async throws -> Void = {}

    func write(_ text: String, stream: LogLine.Stream, phase: BuildPhase?) {
        printer.print(text, phase: phase)
    }

    func begin(_ phase: BuildPhase) async { printer.begin(phase) }

    func confirm() async throws { try await asked() }
}

/// What a local build came to.
struct LocalBuildResult {
    var place: String
    var image: Image
    var plan: BuildPlan
    var revision: Revision
    var explanation: [LayerExplanation]
    var milliseconds: [BuildPhase: Int64]

    private var size: Int64 { image.layers.reduce(image.configDescriptor.size) { $0 + $1.descriptor.size } }

    /// What the image says of how it can be made again.
    private var lock: JSONValue {
        let manifest = try? JSONDocument.parse(image.manifest)
        let text = manifest?["annotations"]?["io.slipway.plan.lock"]?.string ?? ""
        return (try? JSONDocument.parse(Array(text.utf8))) ?? .null
    }

    var json: JSONValue {
        [
            "image": .string(place),
            "digest": .string(image.manifestDescriptor.digest.description),
            "sizeBytes": .integer(size),
            "language": .string(plan.language),
            "planDigest": .string(plan.digest.description),
            "commit": .string(revision.commit.hex),
            "lock": lock,
            "layers": .array(explanation.map(\.json)),
            "phases": .object(
                Dictionary(uniqueKeysWithValues: milliseconds.map { ($0.key.rawValue, .integer($0.value)) })
            ),
        ]
    }

    var text: String {
        let times = BuildPhase.allCases.compactMap { phase in milliseconds[phase].map { "\(phase.rawValue) \($0) ms" } }
        return """
            image   \(TerminalText.plain(place))
            digest  \(image.manifestDescriptor.digest)
            size    \(ByteCount.text(size)) in \(image.layers.count) layers
            start   \(TerminalText.plain(plan.start.text))
            times   \(times.joined(separator: ", "))
            """
    }
}

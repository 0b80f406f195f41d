internal import BuildModel

/// What an app says of its own build in `slipway.yaml` at its root. Every key goes before what a rule says, and after the request.
struct AppSettings: Sendable, Hashable {
    static let fileName = "slipway.yaml"

    /// A change of a rule's step, or a step of the app's own.
    struct Step: Sendable, Hashable {
        var name: String
        /// The step that a new one follows; the last one without it.
        var after: String?
        var isSkipped = false
        var kind: BuildStep.Kind?
        var image: String?
        var command: String?
        /// Patterns; `...` first adds to what the rule says. Nil for no change.
        var inputs: [String]?
        var outputs: (isAdded: Bool, [StepOutput])?
        var caches: (isAdded: Bool, [CacheMount])?
        var environment: [String: String] = [:]
        var secrets: [String] = []
        var network: StepNetwork?
        var limits: StepLimits?

        static func == (left: Step, right: Step) -> Bool { left.name == right.name }
        func hash(into hasher: inout Hasher) { hasher.combine(name) }
    }

    /// A list that `...` in front adds to the rule's.
    struct Writable: Sendable, Hashable {
        var isAdded: Bool
        var paths: [String]
    }

    var language: String?
    /// By tool, as ranges in the dialect of the tool's manifests.
    var versions: [String: String] = [:]
    var image: String?
    var buildImage: String?
    var install: String?
    var build: String?
    var start: String?
    /// The directory of pages that is served instead of a program that is started.
    var site: String?
    var release: String?
    var processes: [String: String] = [:]
    var port: Int?
    var user: String?
    var environment: [String: String] = [:]
    /// Where the app starts, in the image.
    var directory: String?
    var includesSource: Bool?
    var stopSignal: String?
    /// Asked whether the app lives and is ready.
    var healthPath: String?
    /// Directories that the app may write to, beside the rule's or in their place; absolute.
    var writable: Writable?
    var steps: [Step] = []
}

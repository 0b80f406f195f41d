package import BuildModel

/// What a request says about the plan.
package struct PlanOptions: Sendable, Hashable {
    /// Goes before a Procfile and the rule.
    package var startCommand: String?
    /// Goes before the rule's build step.
    package var buildCommand: String?
    /// Names of secrets that steps may ask for.
    package var buildSecrets: [String]
    /// Of every step; go before those of `slipway.yaml` and the rule.
    package var stepLimits: StepLimits
    /// The port that the app is told; nil for the environment's `PORT` or the rule's.
    package var port: Int?
    /// The app's variables. `PORT`, `SLIPWAY_*` and what a rule's step names as public are looked at; other values belong to a
    /// deployment, never into an image.
    package var environment: [String: String]
    /// Names of variables that the app gets where it runs, of whose values nobody here knows.
    package var secretVariables: [String]
    /// Runs before a version is rolled out; a plan only asks whether there is one.
    package var releaseCommand: String?
    /// Versions by tool that are kept as long as they are among those asked for: what the app was last built with.
    package var pins: [String: String]
    /// Makes the plan with the rule and versions that it says, or fails.
    package var lock: PlanLock?
    /// The day of the build, `YYYY-MM-DD`: versions whose support has ended by then are taken last and warned of; nil for the day of the
    /// version index.
    package var today: String?
    /// The package of a workspace that is built and started, where nobody gives other commands.
    var workspaceApp: WorkspaceProject?
    /// What the Procfile of a repository says of the only app below its root, as seen from there.
    var procfileAbove: Procfile?

    package init(
        startCommand: String? = nil,
        buildCommand: String? = nil,
        buildSecrets: [String] = [],
        stepLimits: StepLimits = StepLimits(),
        port: Int? = nil,
        environment: [String: String] = [:],
        secretVariables: [String] = [],
        releaseCommand: String? = nil,
        pins: [String: String] = [:],
        lock: PlanLock? = nil,
        today: String? = nil
    ) {
        self.startCommand = startCommand
        self.buildCommand = buildCommand
        self.buildSecrets = buildSecrets
        self.stepLimits = stepLimits
        self.port = port
        self.environment = environment
        self.secretVariables = secretVariables
        self.releaseCommand = releaseCommand
        self.pins = pins
        self.lock = lock
        self.today = today
    }

    /// The options that a request has.
    ///
    /// - Parameter today: the day of the build, `YYYY-MM-DD`.
    package init(_ request: BuildRequest, today: String? = nil) {
        self.init(
            startCommand: request.startCommand,
            buildCommand: request.buildCommand,
            buildSecrets: request.buildSecrets,
            stepLimits: request.stepLimits,
            port: request.port,
            environment: request.environmentVariables,
            secretVariables: request.environmentSecrets.keys.sorted(),
            releaseCommand: request.releaseCommand,
            today: today
        )
    }
}

/// What will be done for a revision: a pure function of (tree, rules, options). Equal plans have equal digests.
package struct BuildPlan: Sendable, Hashable, Codable {
    /// The language of the rule that won, such as `python`.
    package var language: String
    /// What the app is made with, such as `django`; nil if the rule knows none in it.
    package var framework: String?
    /// The rule's name and the digest of its file.
    package var rule: RuleIdentity
    /// Every rule that was looked at, best first, with the reason.
    package var candidates: [RuleCandidate]
    /// The versions of tools that images and steps are named by, sorted by tool.
    package var versions: [PlannedVersion]
    /// The image that the app runs in, by the name that the rule gives it.
    package var runImage: ImageReference
    /// Who names it.
    package var runImageOrigin = PlanOrigin.rule
    /// What a lock holds that image to; no part of the plan's digest.
    package var runImageDigest: Digest?
    /// What is run to make the app, in order; empty where the source runs as it is.
    package var steps: [BuildStep]
    /// Whether the image holds the source; otherwise only what steps made of it.
    package var includesSource: Bool
    /// Where the app root is put in the image, such as `/app`.
    package var applicationDirectory: String
    package var workingDirectory: String
    package var start: StartCommand
    /// Further process types of the app, such as `worker`; the image is the same.
    package var processes: [String: StartCommand]
    /// What is run once before a version is rolled out, such as a migration.
    package var release: StartCommand?
    /// Numeric `uid:gid`; never 0.
    package var user: String
    package var environment: [String: String]
    /// The port that the app is told in `PORT`.
    package var port: Int
    /// Who says so: `request`, `slipway.yaml`, `variable PORT`, `the start command`, the place in the source (`server.js:3`) or `default`.
    package var portSource = "default"
    /// The signal that asks the app to end, such as `SIGTERM`.
    package var stopSignal: String
    /// The path that says whether the app lives and is ready; nil if nothing in the source names one.
    package var healthPath: String?
    /// Files that the rule adds beside the source, such as a server's configuration.
    package var files: [PlannedFile]
    /// Directories of the image that the app's user may write to, absolute and sorted.
    package var writable: [String] = []
    /// Those of them that nobody named: directories of the source below one that was. What ignore rules keep out of them is not made.
    package var foundWritable: [String] = []
    /// Databases of one file that the source has in them, absolute and sorted: the app may write to these too.
    package var writableFiles: [String] = []
    /// Things worth telling the user that do not stop the build.
    package var warnings: [String]
    /// What is to be told besides of the lock that the plan was made with; no part of the plan's digest, as it is the same plan.
    package var lockWarnings: [String] = []

    /// The image that the app runs in, as it is looked for.
    package var heldRunImage: ImageReference { runImage.held(to: runImageDigest) }

    /// What runtimes send where an image says nothing (OCI image spec, config.md).
    package static let standardStopSignal = "SIGTERM"

    package init(
        language: String,
        framework: String? = nil,
        rule: RuleIdentity,
        candidates: [RuleCandidate],
        versions: [PlannedVersion] = [],
        runImage: ImageReference,
        steps: [BuildStep] = [],
        includesSource: Bool = true,
        applicationDirectory: String,
        workingDirectory: String,
        start: StartCommand,
        processes: [String: StartCommand] = [:],
        release: StartCommand? = nil,
        user: String,
        environment: [String: String],
        port: Int,
        stopSignal: String = BuildPlan.standardStopSignal,
        healthPath: String? = nil,
        files: [PlannedFile],
        warnings: [String]
    ) {
        self.language = language
        self.framework = framework
        self.rule = rule
        self.candidates = candidates
        self.versions = versions
        self.runImage = runImage
        self.steps = steps
        self.includesSource = includesSource
        self.applicationDirectory = applicationDirectory
        self.workingDirectory = workingDirectory
        self.start = start
        self.processes = processes
        self.release = release
        self.user = user
        self.environment = environment
        self.port = port
        self.stopSignal = stopSignal
        self.healthPath = healthPath
        self.files = files
        self.warnings = warnings
    }
}

/// The version of a tool, and who wanted it.
package struct PlannedVersion: Sendable, Hashable, Codable {
    package var tool: String
    /// Exact.
    package var version: String
    /// As it was written, such as `^20 || >=22`; nil if nothing was.
    package var request: String?
    /// Where it was written: `package.json:4: engines.node`, `default`, `pin`.
    package var source: String
    /// The day after which the version gets no fixes, as `YYYY-MM-DD`; nil if nobody has named one.
    package var endOfLife: String?

    package init(tool: String, version: String, request: String?, source: String, endOfLife: String?) {
        self.tool = tool
        self.version = version
        self.request = request
        self.source = source
        self.endOfLife = endOfLife
    }
}

/// Which rule, in which version.
package struct RuleIdentity: Sendable, Hashable, Codable {
    package var name: String
    /// sha256 of the rule file's bytes.
    package var digest: Digest

    package init(name: String, digest: Digest) {
        self.name = name
        self.digest = digest
    }
}

/// A rule that was considered, and why it did or did not win.
package struct RuleCandidate: Sendable, Hashable, Codable {
    package var language: String
    /// 0 when the rule did not match.
    package var score: Int
    package var evidence: [Evidence]
    /// Why it won, lost or did not match, as a sentence.
    package var reason: String

    package init(language: String, score: Int, evidence: [Evidence], reason: String) {
        self.language = language
        self.score = score
        self.evidence = evidence
        self.reason = reason
    }
}

/// One observation in the tree that speaks for a rule.
package struct Evidence: Sendable, Hashable, Codable {
    package var file: String
    /// Counted from 1; nil if the file's presence is what counts.
    package var line: Int?
    /// The predicate that held, in words.
    package var predicate: String

    package init(file: String, line: Int? = nil, predicate: String) {
        self.file = file
        self.line = line
        self.predicate = predicate
    }
}

/// How the app is started.
package struct StartCommand: Sendable, Hashable, Codable {
    /// The argument vector of the image's entrypoint. Has a shell in front only where the command needs one.
    package var arguments: [String]
    /// The command as it was written.
    package var text: String
    /// Where it came from: `request`, `Procfile: web`, `rule python: main.py`.
    package var source: String

    package init(arguments: [String], text: String, source: String) {
        self.arguments = arguments
        self.text = text
        self.source = source
    }
}

/// A file that a plan adds to the image.
package struct PlannedFile: Sendable, Hashable, Codable {
    /// The absolute path in the image.
    package var path: String
    package var content: String
    /// Permission bits.
    package var mode: UInt32

    package init(path: String, content: String, mode: UInt32) {
        self.path = path
        self.content = content
        self.mode = mode
    }
}

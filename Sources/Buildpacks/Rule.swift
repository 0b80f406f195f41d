internal import BuildModel

/// One rule file, read: how to know a language, and how to build and run what is in it. Data only; docs/buildpacks.md describes it.
struct Rule: Sendable, Hashable {
    /// One way to recognise the language.
    struct Detection: Sendable, Hashable {
        var score: Int
        /// All have to hold.
        var when: [Predicate]
        /// Values that templates may use if this way held.
        var facts: [String: String]
    }

    /// Something to say, or to refuse, if its predicates hold.
    struct Notice: Sendable, Hashable {
        var when: [Predicate]
        var message: String
        /// It is said of every line that the first named `line` finds, not of the first alone.
        var isOfEach = false
    }

    /// A value that templates and predicates use: the first alternative that holds.
    struct Value: Sendable, Hashable {
        var name: String
        var alternatives: [Alternative]

        struct Alternative: Sendable, Hashable {
            var when: [Predicate]
            /// A template.
            var text: String
        }
    }

    /// A tool whose version is found out.
    struct Tool: Sendable, Hashable {
        var name: String
        /// The tool is needed if these hold.
        var when: [Predicate]
        /// The version of a tool that the index does not know.
        var standard: String?
        var sources: [Source]

        struct Source: Sendable, Hashable {
            /// The last finds the version.
            var when: [Predicate]
            var dialect: VersionDialect
            /// A template for the text; nil for what was found.
            var form: String?
            /// It does not count where a manifest does not allow it.
            var isWithin = false
        }
    }

    /// A directory that the app may write to, if its predicates hold.
    struct Writable: Sendable, Hashable {
        enum Extent: Sendable, Hashable {
            /// The directory and all that lies below.
            case whole
            /// The directory and databases in it.
            case alone
            /// Each directory, from this one on, in which the source has a database, alone.
            case databases
        }

        /// A template.
        var path: String
        var extent = Extent.whole
        var when: [Predicate] = []
    }

    var identity: RuleIdentity
    var language: String
    /// Interpreters and tools that a start command finds in the image, between blanks: the first that holds; none where that is not told.
    var programs: [Value.Alternative] = []
    /// The image to run in and the one to build in; templates.
    var runImage: String
    var buildImage: String
    /// Names of directories that patterns do not look into.
    var ignore: Set<String>
    /// Names of files that make a directory below an app an app of its own.
    var manifests: [GlobPattern]
    /// What is used of others' code: where its names stand.
    var dependencies: [DependencySource]
    /// Which packages imports are of, where nothing lists any.
    var imports: ImportTable?
    var values: [Value]
    var tools: [Tool]
    var detections: [Detection]
    /// Names of frameworks, the first that holds.
    var frameworks: [Value.Alternative]
    var refusals: [Notice]
    var warnings: [Notice]
    /// What is nearly this language, told when nothing is detected.
    var hints: [Notice]
    var starts: [StartRule]
    /// The signal that ends the app, and the path that says whether it is well: the first that holds.
    var stopSignals: [Value.Alternative]
    var healthPaths: [Value.Alternative]
    /// What the start command comes to, where that is a name for another command: its words say where the app listens. The first that holds.
    var listens: [Value.Alternative]
    var environment: [String: String]
    var port: Int
    /// `uid:gid`.
    var user: String
    var directory: String
    var files: [FileRule]
    /// Directories that the app may write to.
    var writable: [Writable]
    /// What is run to make the app, in order.
    var steps: [StepRule]
    /// Whether the image holds the source, beside what steps made.
    var includesSource: Bool
}

/// A file that is added beside the source, if its predicates hold; its content is a template.
struct FileRule: Sendable, Hashable {
    var file: PlannedFile
    var when: [Predicate]
}

/// One way to start, tried in order.
struct StartRule: Sendable, Hashable {
    enum Action: Sendable, Hashable {
        /// A command line, as somebody would write it; gets a shell only if it needs one.
        case command(String)
        case arguments([String])
        /// This way is known but cannot work: the message says why.
        case refuse(String)
    }

    var when: [Predicate]
    var action: Action
    /// Replaces the rule's image to run in; a template.
    var image: String?
    /// Added to the rule's.
    var environment: [String: String]
    var files: [FileRule]
    /// Replaces the rule's.
    var includesSource: Bool?
    /// Goes before the rule's.
    var stopSignal: String?
}

/// Where names of dependencies stand: lines, of which `<*>` or the first word is the name, or the keys or texts of a value.
struct DependencySource: Sendable, Hashable {
    var files: [GlobPattern]
    /// Files that do not count.
    var except: [GlobPattern]
    /// nil for lines.
    var path: [String]?
    var like: [GlobPattern]
    /// Every word of what a command of a Dockerfile installs is a dependency.
    var isUnfolded = false
    /// Files beside which it does not count.
    var unless: [String] = []
}

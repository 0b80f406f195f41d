internal import BuildModel

/// One rule file, read: how to know a language, and how to run what is in it. Data only; docs/buildpacks.md describes it.
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
    }

    /// One way to start, tried in order.
    struct Start: Sendable, Hashable {
        enum Action: Sendable, Hashable {
            /// A command line, as somebody would write it; gets a shell only if it needs one.
            case command(String)
            case arguments([String])
            /// This way is known but cannot work: the message says why.
            case refuse(String)
        }

        var when: [Predicate]
        var action: Action
    }

    var identity: RuleIdentity
    var language: String
    var image: ImageReference
    /// Names of directories that patterns do not look into.
    var ignore: Set<String>
    var detections: [Detection]
    var refusals: [Notice]
    var warnings: [Notice]
    var starts: [Start]
    var environment: [String: String]
    var port: Int
    /// `uid:gid`.
    var user: String
    var directory: String
    var files: [PlannedFile]
    /// What is run to make the app, in order.
    var steps: [StepRule]
    /// Whether the image holds the source, beside what steps made.
    var includesSource: Bool
}

extension Rule {
    /// Every pattern for paths in it, for the depth of the view.
    var patterns: [GlobPattern] {
        var lists = detections.map(\.when) + refusals.map(\.when) + warnings.map(\.when) + starts.map(\.when)
        lists += steps.map(\.when)
        return lists.flatMap { $0 }.flatMap(\.patterns) + steps.flatMap(\.inputs.patterns)
    }
}

/// Something that holds in a tree or does not.
indirect enum Predicate: Sendable, Hashable {
    /// One of the files is there; the first one counts.
    case file([String], name: String?)
    /// A file matches one of the patterns; patterns go before the order of paths.
    case glob([GlobPattern], name: String?)
    case data(DataPredicate)
    case line(LinePredicate)
    case not(Predicate)
    case any([Predicate])
    case all([Predicate])
}

/// A value at a path in a JSON or TOML file.
struct DataPredicate: Sendable, Hashable {
    enum Expectation: String, Sendable, Hashable, CaseIterable {
        /// Anything but null.
        case present
        /// A text that is not blank.
        case text
        /// A text, list or map with something in it.
        case nonEmpty
        /// A text that names a file of the tree.
        case file
    }

    var file: String
    var path: [String]
    var expectation: Expectation
    /// The text's form.
    var like: GlobPattern?
    /// Members that do not count for `nonEmpty`.
    var except: [String]
    /// What `file` may leave out at the end of a name.
    var suffixes: [String]
    var name: String?
}

/// A line in one of some files.
struct LinePredicate: Sendable, Hashable {
    var files: [GlobPattern]
    /// Files that do not count.
    var except: [GlobPattern]
    /// Forms of the line, without space around it and with one blank for any space within.
    var like: [GlobPattern]
    /// Gets the path of the file.
    var name: String?
}

extension Predicate {
    /// Every pattern for paths in it, for the depth of the index.
    var patterns: [GlobPattern] {
        switch self {
        case .file, .data: []
        case .glob(let patterns, _): patterns
        case .line(let predicate): predicate.files
        case .not(let predicate): predicate.patterns
        case .any(let predicates), .all(let predicates): predicates.flatMap(\.patterns)
        }
    }

    /// Every name of a file that it looks for, for near misses.
    var wantedNames: [String] {
        switch self {
        case .file(let names, _): names
        case .glob(let patterns, _): patterns.map(\.text)
        case .data(let predicate): [predicate.file]
        case .line, .not: []
        case .any(let predicates), .all(let predicates): predicates.flatMap(\.wantedNames)
        }
    }
}

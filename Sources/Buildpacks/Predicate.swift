/// Something that holds in a tree or does not.
indirect enum Predicate: Sendable, Hashable {
    /// One of the files is there; the first one counts.
    case file([String], name: String?)
    /// One of the directories is there.
    case directory([String])
    /// A file matches one of the patterns; patterns go before the order of paths.
    case glob([GlobPattern], name: String?)
    case data(DataPredicate)
    case line(LinePredicate)
    /// One of the dependencies is used.
    case needs([GlobPattern])
    /// A value of the rule is one of these, or any at all if there are none.
    case value(String, [GlobPattern])
    /// The app is given one of the variables where it runs.
    case variable([String])
    case not(Predicate)
    case any([Predicate])
    case all([Predicate])
}

/// A value at a path in a file of JSON, TOML, YAML or XML.
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

    /// The first that is there and has such a value counts.
    var files: [GlobPattern]
    /// Keys; `*` is any. Lists on the way stand for each of their elements.
    var path: [String]
    var expectation: Expectation
    /// The text's forms.
    var like: [GlobPattern]
    /// Members that do not count for `nonEmpty`, and forms of texts that do not for `text` and `file`.
    var except: [GlobPattern]
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
    /// Forms of lines that a file must not have to count.
    var without: [GlobPattern] = []
    /// Lines with space in front do not count.
    var isOutermost = false
    /// A line that ends with an open bracket goes on in the next.
    var isJoined = false
    var form = Form.written
    /// Gets the path of the file.
    var name: String?
}

extension LinePredicate {
    /// How the lines of a file are looked at.
    enum Form: Sendable, Hashable, CaseIterable {
        case written
        /// Space beside `=`, `<`, `>`, `~`, `!`, `,` and `;` is no part of a line, and a package that a lock file fixes is one line.
        case packed
        /// An instruction of a Dockerfile is one line, its words without the quotes of a list.
        case unfolded
    }
}

extension Predicate {
    /// Every name of a file that it looks for, for near misses.
    var wantedNames: [String] {
        switch self {
        case .file(let names, _): names
        case .glob(let patterns, _): patterns.map(\.text)
        case .data(let predicate): predicate.files.map(\.text)
        case .line, .not, .needs, .value, .variable, .directory: []
        case .any(let predicates), .all(let predicates): predicates.flatMap(\.wantedNames)
        }
    }
}

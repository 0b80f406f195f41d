/// How an ecosystem writes sets of versions.
enum VersionDialect: String, Sendable, Hashable, CaseIterable {
    /// package.json, Dart's pubspec.yaml: node-semver's ranges.
    case npm
    /// `requires-python`: PEP 440, "Version specifiers".
    case pep440
    /// Poetry's own constraints.
    case poetry
    /// Gemfile, Crystal's shard.yml: RubyGems' requirements.
    case ruby
    /// composer.json.
    case composer
    /// Cargo.toml.
    case cargo
    /// mix.exs: Elixir's Version requirements.
    case hex
    /// Cabal's sets of versions, by Haskell's versioning policy.
    case pvp
    /// go.mod: a minimum, kept within its minor version so that a build does not move by itself.
    case go
    /// What is written is the least that is needed: `rust-version`, `swift-tools-version`.
    case minimum
    /// Versions of Java, of which the feature number is what counts: `17`, `1.8`, `17.0.9+9`, `temurin-21.0.2`.
    case java
    /// A version file: a version, or the beginning of one: `.nvmrc`, `.python-version`, `.tool-versions`.
    case prefix

    /// What stands between alternatives.
    var alternativeSeparators: [String] {
        switch self {
        case .npm, .pvp: ["||"]
        case .composer, .poetry: ["||", "|"]
        case .hex: [" or "]
        default: []
        }
    }

    /// What a version without an operator means.
    var bare: BareMeaning {
        switch self {
        case .cargo: .caret
        case .go: .sameMinor
        case .minimum: .atLeast
        default: .prefix
        }
    }

    enum BareMeaning: Sendable {
        /// Everything that begins with it. Strictly, `3.11` alone is 3.11.0 in some ecosystems; of an interpreter nobody means that.
        case prefix
        case caret
        case atLeast
        case sameMinor
    }

    /// How far `~` reaches.
    var tildeIsPessimistic: Bool { self == .composer }

    /// Whether blanks stand between bounds that all have to hold. Commas do so everywhere.
    var blanksSeparate: Bool { self == .npm || self == .composer || self == .poetry || self == .pep440 }

    /// Whether `1.2 - 1.4` is a range.
    var hasHyphenRanges: Bool { self == .npm || self == .composer }

    var prereleases: VersionRange.Prereleases { self == .npm || self == .cargo ? .ofNamedReleases : .ifNamed }

    /// Names of tools that version files put in front: `python-3.11.4`, `ruby-3.2`, `go1.22`.
    static let toolPrefixes = [
        "python-", "python", "cpython-", "ruby-", "node-", "nodejs-", "node", "golang-", "go", "php-", "swift-",
        "openjdk-",
        "temurin-", "zulu-", "corretto-", "liberica-", "adoptopenjdk-", "oracle-", "java-", "jdk-", "deno-", "bun-v",
        "elixir-",
        "rust-", "otp-", "ghc-",
    ]
}

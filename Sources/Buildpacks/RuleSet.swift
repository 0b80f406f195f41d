package import BuildModel

/// The rules of a directory, read and checked, and the index of versions beside them. Planning is synchronous and pure: it reads
/// nothing but the tree, follows no link, and the order of rules and files never changes what comes out.
package struct RuleSet: Sendable {
    /// Sorted by name.
    let rules: [Rule]
    let index: VersionIndex

    /// Reads every `*.yaml` of a directory as a rule, and those of `versions` in it as the version index.
    ///
    /// - Throws: `BuildFailure`: `invalid_rule` with file and line, `not_found` if there is no directory or no rule in it.
    package init(directory: String) throws(BuildFailure) {
        try self.init(RuleFiles(directory: directory))
    }

    /// Reads the files of a directory.
    ///
    /// - Throws: `BuildFailure`: `invalid_rule` with file and line.
    package init(_ files: RuleFiles) throws(BuildFailure) {
        try self.init(files: files.rules, index: VersionIndex(files: files.versions))
    }

    /// Reads rules from memory, with an index that knows no tool.
    ///
    /// - Parameter files: the bytes of rule files by file name.
    package init(files: [String: [UInt8]]) throws(BuildFailure) {
        try self.init(files: files, index: VersionIndex(files: [:]))
    }

    init(files: [String: [UInt8]], index: VersionIndex) throws(BuildFailure) {
        rules = try RuleSources(files: files).rules().sorted { $0.identity.name < $1.identity.name }
        self.index = index
    }

    /// The names and digests of the rules, sorted by name.
    package var identities: [RuleIdentity] { rules.map(\.identity) }
}

package import BuildModel
internal import Platform

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
        guard Directories.exists(directory) else {
            throw Self.missing("There is no directory '\(directory)' with rules.")
        }
        var files: [String: [UInt8]] = [:]
        for name in try Directories.list(directory) where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
            files[name] = try Files.read("\(directory)/\(name)", limit: 1 << 20)
        }
        guard !files.isEmpty else { throw Self.missing("There is no rule (*.yaml) in '\(directory)'.") }
        try self.init(files: files, index: VersionIndex(directory: "\(directory)/versions"))
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

    private static func missing(_ message: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .notFound,
            operation: "rules.load",
            message: message + " Set buildpacks.directory to where Slipway's rules are."
        )
    }
}

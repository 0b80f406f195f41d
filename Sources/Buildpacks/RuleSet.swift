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

    private init(rules: [Rule], index: VersionIndex) {
        (self.rules, self.index) = (rules, index)
    }

    init(files: [String: [UInt8]], index: VersionIndex) throws(BuildFailure) {
        rules = try RuleSources(files: files).rules().sorted { $0.identity.name < $1.identity.name }
        self.index = index
    }

    /// Reads the files of a directory on all processors.
    ///
    /// - Throws: as when they are read one after another: what is wrong with the first of them.
    package static func reading(_ files: RuleFiles) async throws -> RuleSet {
        async let index = Self.index(files)
        let sources = try RuleSources(files: files.rules)
        let (names, width) = (sources.files, SystemInformation.processorCount)
        let found = await withTaskGroup(of: [(Int, Result<Rule?, BuildFailure>)].self) { group in
            for first in 0..<width {
                group.addTask {
                    stride(from: first, to: names.count, by: width).map { position in
                        (position, Result { () throws(BuildFailure) in try sources.rule(in: names[position]) })
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let rules = try found.sorted { $0.0 < $1.0 }.compactMap { try $0.1.get() }
        return try await RuleSet(rules: rules.sorted { $0.identity.name < $1.identity.name }, index: index)
    }

    private static func index(_ files: RuleFiles) async throws -> VersionIndex {
        try VersionIndex(files: files.versions)
    }

    /// The names and digests of the rules, sorted by name.
    package var identities: [RuleIdentity] { rules.map(\.identity) }
}

internal import BuildModel
internal import Platform

/// Which versions of which tools there are, so that planning asks nobody: one YAML file for each tool.
struct VersionIndex: Sendable, Hashable {
    /// By the tool's name.
    let tools: [String: ToolReleases]
    /// sha256 over the files, so that a plan can say what it was resolved against.
    let digest: Digest

    /// Reads an index from memory.
    ///
    /// - Parameter files: the bytes of the files by name.
    init(files: [String: [UInt8]]) throws(BuildFailure) {
        var tools: [String: ToolReleases] = [:]
        var digests: [UInt8] = []
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            let releases = try ToolReleases(bytes, file: name)
            guard tools.updateValue(releases, forKey: releases.tool) == nil else {
                throw BuildFailure.rule(name, line: 1, "another file has the tool '\(releases.tool)' already.")
            }
            digests += Array("\(name) \(Digest(of: bytes))\n".utf8)
        }
        self.tools = tools
        digest = Digest(of: digests)
    }
}

/// A version that somebody asks for, as it is written.
struct VersionRequest: Sendable, Hashable {
    var text: String
    var dialect: VersionDialect
    /// Where it is written: `package.json: engines.node`, `.nvmrc`.
    var source: String
    /// `rollForward` of a global.json, which says what else than the version itself may be taken.
    var rollForward: String?

    init(_ text: String, _ dialect: VersionDialect, source: String, rollForward: String? = nil) {
        self.text = text
        self.dialect = dialect
        self.source = source
        self.rollForward = rollForward
    }
}

/// The version of a tool that is taken, and why.
struct ResolvedVersion: Sendable, Hashable {
    var tool: String
    var version: Version
    /// What was asked for; nil if nothing was.
    var request: String?
    /// Where it was asked for, or `default` or `pin`.
    var source: String
    var endOfLife: String?
    var warnings: [String]
}

package import BuildModel
internal import Platform

/// The files of a directory with rules, read and not looked into: what a plan depends on beside the tree and what is asked for.
package struct RuleFiles: Sendable {
    /// Bytes by the file's name.
    let rules: [String: [UInt8]]
    let versions: [String: [UInt8]]
    /// Of all names and bytes.
    package let digest: Digest

    /// Reads every `*.yaml` of a directory, and those of `versions` in it.
    ///
    /// - Throws: `BuildFailure` with code `not_found` if there is no directory or no rule in it.
    package init(directory: String) throws(BuildFailure) {
        guard Directories.exists(directory) else {
            throw Self.missing("There is no directory '\(directory)' with rules.")
        }
        rules = try Self.read(directory)
        guard !rules.isEmpty else { throw Self.missing("There is no rule (*.yaml) in '\(directory)'.") }
        let index = "\(directory)/versions"
        versions = Directories.exists(index) ? try Self.read(index) : [:]
        digest = Self.digest(of: rules, versions)
    }

    private static func digest(of rules: [String: [UInt8]], _ versions: [String: [UInt8]]) -> Digest {
        let lines = [rules, versions].map { files in
            files.sorted { $0.key < $1.key }.map { "\($0.key) \(Digest(of: $0.value))\n" }.joined()
        }
        return Digest(of: lines.joined(separator: "versions\n"))
    }

    private static func read(_ directory: String) throws(BuildFailure) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try Directories.list(directory) where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
            files[name] = try Files.read("\(directory)/\(name)", limit: 1 << 20)
        }
        return files
    }

    private static func missing(_ message: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .notFound,
            operation: "rules.load",
            message: message + " Set buildpacks.directory to where Slipway's rules are."
        )
    }
}

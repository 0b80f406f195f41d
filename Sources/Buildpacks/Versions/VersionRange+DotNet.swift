extension VersionRange {
    /// The SDKs that a `global.json` allows: `sdk.version` with `sdk.rollForward` (its documentation calls hundreds of the patch number
    /// the feature band).
    ///
    /// - Throws: `VersionSyntaxError` for a policy that does not exist.
    static func dotnetSDK(_ version: Version, rollForward: String?) throws(VersionSyntaxError) -> VersionRange {
        let version = version.padded()
        let end: Version?
        switch (rollForward ?? "latestPatch").lowercased() {
        case "disable": return VersionRange(alternatives: [[.compare(.equal, version)]], prereleases: .ifNamed)
        case "patch", "latestpatch": end = Version([version[0], version[1], (version[2] / 100 + 1) * 100])
        case "feature", "latestfeature": end = version.next(at: 1)
        case "minor", "latestminor": end = version.next(at: 0)
        case "major", "latestmajor": end = nil
        default: throw VersionSyntaxError(description: "'\(rollForward ?? "")' is no rollForward policy")
        }
        let bounds: [Bound] = [.compare(.atLeast, version)] + (end.map { [.compare(.less, $0)] } ?? [])
        return VersionRange(alternatives: [bounds], prereleases: .ifNamed)
    }
}

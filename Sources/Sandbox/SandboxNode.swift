internal import BuildModel
internal import Glibc
internal import Platform

/// What this node has for running steps.
struct SandboxNode: Sendable {
    let isRoot: Bool
    let runtime: String
    let helper: String
    /// nil where this process may not make groups: memory and processors are then not limited.
    let groups: ControlGroups?
    let ranges: IdentityRanges

    /// crun can be kept from making control groups; runc cannot.
    var makesOwnGroup: Bool { runtime.split(separator: "/").last?.contains("runc") == true }

    /// - Throws: `BuildFailure` with code `sandbox_unavailable` that says what is missing.
    init(_ settings: SandboxSettings) throws(BuildFailure) {
        isRoot = SystemIdentity.isRoot
        runtime = try Self.findRuntime(settings)
        helper = try Self.findHelper(settings)
        groups = try Self.findGroups(settings, isRoot: isRoot)
        ranges = IdentityRanges(
            directory: settings.runtimeDirectory,
            range: try Self.identities(settings, isRoot: isRoot)
        )
    }

    static func findRuntime(_ settings: SandboxSettings) throws(BuildFailure) -> String {
        let usual = ["crun", "runc"].flatMap { name in
            ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"].map { "\($0)/\(name)" }
        }
        let candidates = settings.runtime.map { [$0] } ?? usual
        guard let found = candidates.first(where: isProgram) else {
            throw .sandbox(
                "There is no OCI runtime at \(candidates.joined(separator: ", ")). Install crun, or set sandbox.runtime."
            )
        }
        return found
    }

    static func findHelper(_ settings: SandboxSettings) throws(BuildFailure) -> String {
        let candidates = settings.helper.map { [$0] } ?? usualHelpers
        guard let found = candidates.first(where: isProgram) else {
            throw .sandbox(
                "The program slipway-sandbox is not at \(candidates.joined(separator: ", ")). Install it beside slipway."
            )
        }
        return found
    }

    private static var usualHelpers: [String] {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = unsafe readlink("/proc/self/exe", &buffer, 4096)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
        return ["\(directory)/slipway-sandbox", "/usr/libexec/slipway/slipway-sandbox", "/usr/bin/slipway-sandbox"]
    }

    /// Root always limits; others where groups are delegated to them.
    private static func findGroups(_ settings: SandboxSettings, isRoot: Bool) throws(BuildFailure) -> ControlGroups? {
        do {
            return try ControlGroups.find(name: settings.groupName)
        } catch {
            if isRoot { throw error }
            return nil
        }
    }

    static func identities(_ settings: SandboxSettings, isRoot: Bool) throws(BuildFailure) -> IdentityRange {
        if let range = settings.identities ?? SubordinateIDs.ofThisUser() { return range }
        if isRoot { return SubordinateIDs.unassigned }
        throw .sandbox(
            "This user has no subordinate ids. Add lines such as '\(SubordinateIDs.userName() ?? "slipway"):100000:65536' "
                + "to /etc/subuid and /etc/subgid."
        )
    }

    private static func isProgram(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }
}

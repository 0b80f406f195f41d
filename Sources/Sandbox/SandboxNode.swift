internal import BuildModel
internal import Glibc
internal import Platform

/// What this node has for running steps.
struct SandboxNode: Sendable {
    /// Whether ids can be mapped when something is mounted, and disks attached.
    let isRoot: Bool
    let runtime: String
    let helper: String
    /// nil where this process may not make groups: memory and processors are then not limited.
    let groups: ControlGroups?
    /// Why there are none.
    let missingGroups: String?
    let ranges: IdentityRanges

    /// crun can be kept from making control groups; runc only where it may not make any.
    var makesOwnGroup: Bool { Self.name(ofRuntime: runtime).contains("runc") }

    /// The last part of its path.
    static func name(ofRuntime path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Processes and threads of the runtime beside a step: crun has one that waits, and one while it starts, runc a dozen of either.
    var runtimeProcesses: Int { makesOwnGroup ? 30 : 2 }

    /// - Throws: `BuildFailure` with code `sandbox_unavailable` that says what is missing.
    init(_ settings: SandboxSettings) throws(BuildFailure) {
        isRoot = SystemInformation.isRoot
        runtime = try Self.findRuntime(settings)
        helper = try Self.findHelper(settings)
        (groups, missingGroups) = try Self.findGroups(settings, isRoot: isRoot)
        ranges = try Self.ranges(settings)
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

    /// Where the helper is if nothing else is said.
    static var usualHelpers: [String] {
        let directory = (ownPath ?? "").split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
        return ["\(directory)/slipway-sandbox", "/usr/libexec/slipway/slipway-sandbox", "/usr/bin/slipway-sandbox"]
    }

    /// The path of this program.
    static var ownPath: String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let count = unsafe readlink("/proc/self/exe", &buffer, 4096)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Root always limits; others where groups are delegated to them.
    private static func findGroups(
        _ settings: SandboxSettings,
        isRoot: Bool
    ) throws(BuildFailure) -> (ControlGroups?, missing: String?) {
        do {
            return (try ControlGroups.find(name: settings.groupName), nil)
        } catch {
            if isRoot { throw error }
            return (nil, error.message)
        }
    }

    /// The ids of this node's steps, cut into ranges.
    ///
    /// - Throws: `BuildFailure` that says what this user lacks.
    static func ranges(_ settings: SandboxSettings) throws(BuildFailure) -> IdentityRanges {
        let directory = settings.runtimeDirectory
        switch ProcessRights.current {
        case .root:
            guard !settings.mapsIDs else { return IdentityRanges(directory: directory, range: settings.rootRange) }
            let range = IdentityRange(start: settings.rootRange.start, count: IdentityRanges.width)
            return IdentityRanges(directory: directory, range: range, isShared: true)
        case .ownNamespace(let ids):
            guard ids > IdentityRanges.width else {
                throw .sandbox(
                    "This process is root of a user namespace of \(ids) ids; steps need \(IdentityRanges.width + 1)."
                )
            }
            // Layers are unpacked with these very ids, so that all steps have them.
            let range = IdentityRange(start: 1, count: IdentityRanges.width)
            return IdentityRanges(directory: directory, range: range, isShared: true)
        case .user: throw .sandbox(missing())
        }
    }

    /// What keeps this user's worker out of a user namespace of its own.
    static func missing() -> String {
        if let failure = WorkerNamespace.failure {
            return "This user's steps cannot have ids of their own: \(failure). 'slipway doctor' looks for the reason."
        }
        let name = SubordinateIDs.userName() ?? "slipway"
        return "This user has no subordinate ids, 65536 at least and the same in both files. Add a line such as "
            + "'\(name):100000:65536' to /etc/subuid and /etc/subgid."
    }

    private static func isProgram(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }
}

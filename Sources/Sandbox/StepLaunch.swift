internal import BuildModel
internal import Platform

/// Everything that the helper is started with.
struct StepLaunch: Sendable {
    let step: SandboxedStep
    let bounds: StepBounds
    let helper: String
    let arguments: [String]
    private let configuration: RuntimeConfiguration
    let lease: IdentityLease
    /// A control group that has all processes of the step; nil where there is none.
    let groupDirectory: String?
    /// What takes what the step writes, or nil where it writes into its scratch.
    let disk: StepDisk?
    /// nil for a step without egress.
    let policy: EgressPolicy?

    init(
        _ step: SandboxedStep,
        settings: SandboxSettings,
        node: SandboxNode,
        lease: IdentityLease,
        bounds: StepBounds,
        disk: StepDisk?
    ) throws(BuildFailure) {
        (self.step, self.bounds, self.lease, helper) = (step, bounds, lease, node.helper)
        self.disk = disk
        let runtimeGroup =
            node.makesOwnGroup
            ? node.groups?.runtimeGroup(lease.groupName, identifier: step.identifier, isRoot: node.isRoot) : nil
        groupDirectory = runtimeGroup?.directories.first ?? node.groups?.directories(lease.groupName).first
        policy = EgressPolicy(step.step.network, settings: settings)
        let authorities = policy == nil ? nil : try Authorities.bytes(settings.authorityFile)
        let files = try StepFiles(step, authorities: authorities, hasEgress: policy != nil)
        let variables = StepEnvironment.all(step, hasEgress: policy != nil, hasAuthorities: authorities != nil)
        configuration = RuntimeConfiguration(
            step: step,
            environment: variables,
            idBase: lease.base,
            files: files,
            groupPath: runtimeGroup?.path,
            fileBytes: disk == nil ? bounds.diskBytes : nil
        )
        try Self.checkCounts(of: step, paths: configuration.stubs.count)
        var options: [(String, String)] = [
            ("runtime", node.runtime), ("identifier", step.identifier), ("scratch", step.scratch),
            ("base", "\(lease.base)"),
            ("count", "\(IdentityRanges.width)"),
        ]
        options.append(disk != nil ? ("disk", "yes") : ("most-bytes", "\(bounds.diskBytes)"))
        if policy != nil { options.append(("port", "\(StepEnvironment.proxyPort)")) }
        if node.makesOwnGroup { options.append(("runc", "yes")) }
        if !node.isRoot { options.append(("rootless", "yes")) }
        if !settings.mapsIDs { options.append(("unmapped", "yes")) }
        options += step.lowers.map { ("lower", $0) } + step.caches.map { ("cache", $0.directory) }
        options += configuration.stubs.map { ("stub", $0) }
        options += (runtimeGroup?.directories ?? []).map { ("remove", $0) }
        options += Self.groups(node, lease.groupName, bounds)
        // Version 1 counts where a process is, and not above.
        options += runtimeGroup.flatMap { node.groups?.counters($0.name) }?.map { ("counter", $0) } ?? []
        arguments = options.flatMap { ["--\($0.0)", $0.1] }
    }

    /// What mounts need to be there.
    var stubs: [String] { configuration.stubs }

    /// Configuration and small files, as the helper reads them; may hold secrets. It takes a while to write, which the helper has other things
    /// to do in.
    var stream: Redacted<[UInt8]> { Redacted(configuration.json.canonicalBytes + [0] + configuration.files.stream) }

    private static let mostLayers = 250

    /// The helper has room for so many.
    private static func checkCounts(of step: SandboxedStep, paths: Int) throws(BuildFailure) {
        guard step.lowers.count <= mostLayers else {
            throw BuildFailure(
                .code,
                BuildFailure.Code(rawValue: "invalid_plan"),
                operation: "sandbox.run",
                message: "Step '\(step.step.name)' stands on \(step.lowers.count) layers, those of "
                    + "\(step.step.image) and of earlier steps; \(mostLayers) are the most. Let the image have fewer."
            )
        }
        guard step.caches.count > 64 || paths > 256 else { return }
        throw BuildFailure(
            .code,
            BuildFailure.Code(rawValue: "invalid_plan"),
            operation: "sandbox.run",
            message:
                "Step '\(step.step.name)' has \(step.caches.count) caches and \(step.secrets.count) secrets: more than "
                + "64 caches, or than about 240 of both, are too many."
        )
    }

    private static func groups(_ node: SandboxNode, _ name: String, _ bounds: StepBounds) -> [(String, String)] {
        guard let groups = node.groups else { return [] }
        let limits = groups.limits(bounds, group: name, runtimeProcesses: node.runtimeProcesses)
        return groups.directories(name).map { ("group", $0) } + limits.map { ("limit", $0) }
            + groups.counters(name).map { ("counter", $0) }
    }
}

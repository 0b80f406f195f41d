internal import BuildModel
internal import Platform

/// Everything that the helper is started with.
struct StepLaunch: Sendable {
    let step: SandboxedStep
    let bounds: StepBounds
    let helper: String
    let arguments: [String]
    /// Configuration and small files, as the helper reads them; may hold secrets.
    let stream: Redacted<[UInt8]>
    let lease: IdentityLease
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
        policy = EgressPolicy(step.step.network, settings: settings)
        let authorities = policy == nil ? nil : try Authorities.bytes(settings.authorityFile)
        let files = try StepFiles(step, authorities: authorities, hasEgress: policy != nil)
        let variables = StepEnvironment.all(step, hasEgress: policy != nil, hasAuthorities: authorities != nil)
        // Without root, the ids are those inside of the helper's own namespace, where 0 is the worker's user.
        let base = node.isRoot ? lease.base : 1
        let runtimeGroup = node.makesOwnGroup ? node.groups?.runtimeGroup(lease.groupName) : nil
        let configuration = RuntimeConfiguration(
            step: step,
            environment: variables,
            idBase: base,
            files: files,
            groupPath: runtimeGroup?.path,
            fileBytes: disk == nil ? bounds.diskBytes : nil
        )
        stream = Redacted(configuration.json.canonicalBytes + [0] + files.stream)
        var options: [(String, String)] = [
            ("runtime", node.runtime), ("identifier", step.identifier), ("scratch", step.scratch), ("base", "\(base)"),
            ("count", "\(IdentityRanges.width)"),
        ]
        options.append(disk != nil ? ("disk", "yes") : ("most-bytes", "\(bounds.diskBytes)"))
        if policy != nil { options.append(("port", "\(StepEnvironment.proxyPort)")) }
        if !node.isRoot { options += Self.maps(lease) }
        options += step.lowers.map { ("lower", $0) } + step.caches.map { ("cache", $0.directory) }
        options += configuration.stubs.map { ("stub", $0) }
        options += (runtimeGroup?.directories ?? []).map { ("remove", $0) }
        options += Self.groups(node.groups, lease.groupName, bounds)
        arguments = options.flatMap { ["--\($0.0)", $0.1] }
    }

    private static func groups(_ groups: ControlGroups?, _ name: String, _ bounds: StepBounds) -> [(String, String)] {
        guard let groups else { return [] }
        return groups.directories(name).map { ("group", $0) } + groups.limits(bounds, group: name).map { ("limit", $0) }
            + groups.counters(name).map { ("counter", $0) }
    }

    private static func maps(_ lease: IdentityLease) -> [(String, String)] {
        let range = "\(lease.base) \(IdentityRanges.width)"
        return [
            ("map-user", "\(SystemIdentity.user) \(range)"), ("map-group", "\(SystemIdentity.group) \(range)"),
        ]
    }
}

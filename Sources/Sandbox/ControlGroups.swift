internal import BuildModel
internal import Platform

/// Where the control groups of this node's steps are made, in whichever version of the kernel's interface it has: cgroups(7).
struct ControlGroups: Sendable, Hashable {
    enum Hierarchy: Sendable, Hashable {
        /// Version 1: the parent directory by controller.
        case controllers([String: String])
        /// Version 2: the one parent directory.
        case unified(String)
    }

    let hierarchy: Hierarchy
    /// The parents in every hierarchy, also those without a controller that limits need.
    let parents: [String]
    /// The path of the parent as the kernel shows it, below each mount.
    let path: String

    /// The controllers that limits need.
    static let needed = ["memory", "pids", "cpu"]

    /// The directories of a group called `name`; more than one where controllers have hierarchies of their own.
    func directories(_ name: String) -> [String] {
        switch hierarchy {
        case .controllers(let parents): Set(parents.values).sorted().map { "\($0)/\(name)" }
        case .unified(let parent): ["\(parent)/\(name)"]
        }
    }

    /// The files to write before a step enters its group, as `PATH=VALUE`; `?` before those that a kernel may lack.
    ///
    /// - Parameter runtimeProcesses: what the runtime itself needs, which is in the group.
    func limits(_ bounds: StepBounds, group name: String, runtimeProcesses: Int) -> [String] {
        let processes = bounds.processes + runtimeProcesses
        let quota = max(1000, Int(bounds.processors * 100_000))
        switch hierarchy {
        case .controllers(let parents):
            func file(_ controller: String, _ file: String) -> String { "\(parents[controller] ?? "")/\(name)/\(file)" }
            return [
                "\(file("memory", "memory.limit_in_bytes"))=\(bounds.memoryBytes)",
                "?\(file("memory", "memory.memsw.limit_in_bytes"))=\(bounds.memoryBytes)",
                "\(file("pids", "pids.max"))=\(processes)", "\(file("cpu", "cpu.cfs_period_us"))=100000",
                "\(file("cpu", "cpu.cfs_quota_us"))=\(quota)",
            ]
        case .unified(let parent):
            let group = "\(parent)/\(name)"
            return [
                "\(group)/memory.max=\(bounds.memoryBytes)", "?\(group)/memory.swap.max=0",
                "?\(group)/memory.oom.group=1", "\(group)/pids.max=\(processes)", "\(group)/cpu.max=\(quota) 100000",
            ]
        }
    }

    /// The group below `name` that a runtime makes which cannot be kept from it.
    ///
    /// - Parameters:
    ///   - identifier: what the runtime calls the step.
    ///   - isRoot: whether it may make groups in every hierarchy. Others let it go by its own group, which is `name`: what it is told to
    ///     make in version 1 it wants everywhere.
    func runtimeGroup(_ name: String, identifier: String, isRoot: Bool) -> RuntimeGroup {
        if case .controllers = hierarchy, !isRoot {
            let directories = directories(name).map { "\($0)/\(identifier)" }
            return RuntimeGroup(name: "\(name)/\(identifier)", path: nil, directories: directories)
        }
        let own = "\(name)/step"
        return RuntimeGroup(
            name: own,
            path: "\(path)/\(own)",
            directories: parents.flatMap { ["\($0)/\(own)", "\($0)/\(name)"] }
        )
    }

    /// What a runtime makes of its own.
    struct RuntimeGroup: Sendable, Hashable {
        /// Below the parents.
        var name: String
        /// As the step's configuration names it; nil where the runtime finds the place itself.
        var path: String?
        /// All that it may leave, from below.
        var directories: [String]
    }

    /// The files to read after the step.
    func counters(_ name: String) -> [String] {
        switch hierarchy {
        case .controllers(let parents):
            [
                ("memory", "memory.max_usage_in_bytes"), ("memory", "memory.oom_control"), ("pids", "pids.events"),
                ("cpuacct", "cpuacct.usage"),
            ].compactMap { controller, file in parents[controller].map { "\($0)/\(name)/\(file)" } }
        case .unified(let parent):
            ["memory.peak", "memory.events", "pids.events", "cpu.stat"].map { "\(parent)/\(name)/\($0)" }
        }
    }
}

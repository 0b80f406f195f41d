internal import BuildModel
internal import Glibc
internal import Platform

extension ControlGroups {
    /// The hierarchies of this node in which this process may make groups with limits.
    ///
    /// - Parameter name: of the group below which those of steps are made.
    /// - Throws: `BuildFailure` that says what is missing.
    static func find(name: String) throws(BuildFailure) -> ControlGroups {
        let mounts = ControlGroupMount.all(try text("/proc/self/mountinfo"))
        if let found = try versionOne(mounts, name: name) { return found }
        guard let unified = mounts.first(where: { $0.isUnified })?.path else {
            throw .sandbox("No control groups are mounted on this node, so a step's memory could not be limited.")
        }
        return try versionTwo(unified, own: ControlGroupMount.ownGroup(try text("/proc/self/cgroup")), name: name)
    }

    /// - Throws: `BuildFailure` where they are there and not this user's.
    private static func versionOne(_ mounts: [ControlGroupMount], name: String) throws(BuildFailure) -> ControlGroups? {
        var parents: [String: String] = [:]
        for controller in needed + ["cpuacct"] {
            guard let mount = mounts.first(where: { $0.controllers.contains(controller) }) else { continue }
            parents[controller] = "\(mount.path)/\(name)"
        }
        guard needed.allSatisfy({ parents[$0] != nil }) else { return nil }
        // Whoever is not root uses groups that root has made for them.
        let closed = Set(parents.values).filter { unsafe access($0, W_OK) != 0 }.sorted()
        guard SystemInformation.isRoot || closed.isEmpty else {
            throw .sandbox(
                "Control groups with memory, pids and cpu are not delegated to this user. Let root make "
                    + "\(closed.joined(separator: ", ")) and give them to it by chown."
            )
        }
        // Where both versions are mounted, a runtime makes its groups in each. Version 2 limits nothing then, so it comes last.
        let all = (mounts.filter { !$0.isUnified } + mounts.filter(\.isUnified)).map { "\($0.path)/\(name)" }
        return ControlGroups(hierarchy: .controllers(parents), parents: all, path: "/\(name)")
    }

    /// A group that a service manager delegated is used; else root makes one at the top.
    private static func versionTwo(_ mount: String, own: String, name: String) throws(BuildFailure) -> ControlGroups {
        if own != "/", let delegated = DelegatedGroup(mount + own), delegated.prepare() {
            return unified(delegated.path, below: mount)
        }
        let parent = "\(mount)/\(name)"
        if SystemInformation.isRoot, DelegatedGroup.enable(in: mount) {
            try Directories.create(parent)
            if DelegatedGroup.enable(in: parent) { return unified(parent, below: mount) }
        }
        throw .sandbox(
            "Control groups with memory, pids and cpu are not delegated to this process (\(mount)\(own)). "
                + "Run the worker as a service with Delegate=yes, or by 'systemd-run --user --scope -p Delegate=yes'."
        )
    }

    private static func unified(_ parent: String, below mount: String) -> ControlGroups {
        ControlGroups(hierarchy: .unified(parent), parents: [parent], path: String(parent.dropFirst(mount.count)))
    }

    private static func text(_ path: String) throws(BuildFailure) -> String {
        // The size of files in /proc is told as 0, so that they are read to their end.
        guard let bytes = ProcFile.read(path) else {
            throw .sandbox("Cannot read '\(path)'.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A line of /proc/self/mountinfo about control groups: proc_pid_mountinfo(5).
struct ControlGroupMount: Sendable, Hashable {
    var path: String
    var isUnified: Bool
    /// Those of version 1.
    var controllers: Set<String>

    static func all(_ mountInfo: String) -> [ControlGroupMount] {
        mountInfo.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, fields.count > 4 else { return nil }
            let type = fields[dash + 1]
            guard type == "cgroup" || type == "cgroup2" else { return nil }
            let options = fields[dash + 3].split(separator: ",").map(String.init)
            return ControlGroupMount(
                path: String(fields[4]),
                isUnified: type == "cgroup2",
                controllers: type == "cgroup" ? Set(options) : []
            )
        }
    }

    /// The path of version 2 in /proc/self/cgroup.
    static func ownGroup(_ text: String) -> String {
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::") }
        return line.map { String($0.dropFirst(3)) } ?? "/"
    }
}

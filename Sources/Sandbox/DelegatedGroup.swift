internal import Glibc
internal import Platform

/// A group of version 2 that this process may divide. Processes are only in leaves there, so its own go to one called `supervisor`.
struct DelegatedGroup {
    let path: String

    /// The group at `path`, or its parent when this process has moved itself before; nil if it may not be changed.
    init?(_ path: String) {
        let suffix = "/supervisor"
        self.path = path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
        guard unsafe access("\(self.path)/cgroup.subtree_control", W_OK) == 0 else { return nil }
    }

    /// Moves this process out of the way and turns the controllers on; false if the group is not this process's alone.
    func prepare() -> Bool {
        if Self.enable(in: path) { return true }
        guard Self.processes(in: path) == [getpid()] else { return false }
        try? Directories.create("\(path)/supervisor")
        return ProcFile.write(String(getpid()), to: "\(path)/supervisor/cgroup.procs") && Self.enable(in: path)
    }

    /// Turns on what limits need for the groups below.
    static func enable(in path: String) -> Bool {
        let file = "\(path)/cgroup.subtree_control"
        let isOn = { (ProcFile.text(file) ?? "").split { $0 == " " || $0 == "\n" }.map(String.init) }
        if Set(ControlGroups.needed).isSubset(of: isOn()) { return true }
        _ = ProcFile.write(ControlGroups.needed.map { "+\($0)" }.joined(separator: " "), to: file)
        return Set(ControlGroups.needed).isSubset(of: isOn())
    }

    static func processes(in path: String) -> [Int32] {
        (ProcFile.text("\(path)/cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }
    }
}

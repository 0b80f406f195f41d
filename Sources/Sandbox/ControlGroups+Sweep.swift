internal import Glibc
internal import Platform

extension ControlGroups {
    /// Ends what a crash left in a group, and removes it, in every hierarchy: a runtime may have made groups of its own below ours. Only
    /// whoever holds the range that the group is named by may do that.
    func clear(_ name: String) {
        for parent in Set(parents) {
            let directory = "\(parent)/\(name)"
            guard Directories.exists(directory) else { continue }
            let children = ((try? Directories.list(directory)) ?? []).map { "\(directory)/\($0)" }
            for child in children where Directories.exists(child) { Self.clear(directory: child) }
            Self.clear(directory: directory)
        }
    }

    private static func clear(directory: String) {
        // A process that is being killed takes a moment to go.
        for _ in 0..<500 {
            let processes = DelegatedGroup.processes(in: directory)
            // The kernel shows processes of other namespaces as 0, which kill(2) takes for this process's own group.
            for process in processes where process > 0 { kill(process, SIGKILL) }
            if processes.isEmpty, unsafe rmdir(directory) == 0 || errno == ENOENT { break }
            usleep(2000)
        }
    }

    /// Whether there is a group of that name, in any hierarchy.
    func exists(_ name: String) -> Bool { parents.contains { Directories.exists("\($0)/\(name)") } }

    /// The names of groups that are there now.
    var present: Set<String> {
        Set(Set(parents).flatMap { (try? Directories.list($0)) ?? [] }.filter { $0.hasPrefix("r") })
    }

    /// Removes the parents of steps' groups where nothing is in them. A group that a service manager delegated stays.
    func removeParents() {
        guard SystemInformation.isRoot, path == "/\(Self.lastName(of: path))" else { return }
        for parent in Set(parents) { unsafe rmdir(parent) }
    }

    private static func lastName(of path: String) -> Substring { path.split(separator: "/").last ?? "" }
}

internal import Glibc
internal import Platform

extension ControlGroups {
    /// Ends what a crash left in a group, and removes it. Only whoever holds the range that the group is named by may do that.
    func clear(_ name: String) {
        for directory in directories(name) where Directories.exists(directory) {
            // A process that is being killed takes a moment to go.
            for _ in 0..<500 {
                let processes = DelegatedGroup.processes(in: directory)
                // The kernel shows processes of other namespaces as 0, which kill(2) takes for this process's own group.
                for process in processes where process > 0 { kill(process, SIGKILL) }
                if processes.isEmpty, unsafe rmdir(directory) == 0 || errno == ENOENT { break }
                usleep(2000)
            }
        }
    }

    /// The names of groups that are there now.
    var present: Set<String> {
        let parents: [String] =
            switch hierarchy {
            case .controllers(let parents): Array(parents.values)
            case .unified(let parent): [parent]
            }
        return Set(parents.flatMap { (try? Directories.list($0)) ?? [] }.filter { $0.hasPrefix("r") })
    }

    /// Removes the parents of steps' groups where nothing is in them.
    func removeParents() {
        guard case .controllers(let parents) = hierarchy else { return }
        for parent in Set(parents.values) { unsafe rmdir(parent) }
    }
}

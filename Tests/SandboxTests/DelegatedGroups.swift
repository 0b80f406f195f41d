import Glibc
import Platform
import Sandbox
import TestSupport

/// Control groups of a sandbox, given to an ordinary user as root or a service manager gives them.
struct DelegatedGroups {
    private static let top = "/sys/fs/cgroup"

    /// What a program has to be started in where there is one hierarchy, version 2.
    let entrance: String?

    init(for sandbox: TestSandbox) throws {
        let name = sandbox.settings.groupName
        if Files.exists("\(Self.top)/cgroup.controllers") {
            try Self.write("+memory +pids +cpu", to: "\(Self.top)/cgroup.subtree_control")
            let group = try Self.own("\(Self.top)/\(name)")
            for file in ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
                chown("\(group)/\(file)", OrdinaryUser.id, OrdinaryUser.id)
            }
            entrance = "\(group)/cgroup.procs"
        } else {
            for controller in ["memory", "pids", "cpu", "cpuacct"] {
                _ = try Self.own("\(Self.top)/\(controller)/\(name)")
            }
            entrance = nil
        }
    }

    private static func own(_ directory: String) throws -> String {
        try Directories.create(directory)
        chown(directory, OrdinaryUser.id, OrdinaryUser.id)
        return directory
    }

    private static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        guard file >= 0, Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
            throw CommandFailed(description: "cannot write to \(path): errno \(errno)")
        }
    }
}

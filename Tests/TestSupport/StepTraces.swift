internal import Glibc
internal import Platform

/// What a step that runs has of the node, to see that none of it stays when its worker is gone.
package struct StepTraces: Sendable {
    private let command: String
    private let scratch: String
    private let namespaces: Namespaces
    private let groups: [Group]

    /// A control group, told by its number from a later one of the same name.
    private struct Group: Sendable {
        let path: String
        let number: UInt64

        var isThere: Bool { StepTraces.number(of: path) == number }
    }

    /// - Parameters:
    ///   - command: the arguments of the step's process, which nobody else has.
    ///   - scratch: what all that belongs to its worker has in its arguments, mounts and disks.
    package init(of command: String, in scratch: Scratch) async throws {
        self.command = command
        self.scratch = scratch.path
        let found = try await Command.output(["pgrep", "-x", "-f", command]).lines
        guard let process = found.first else { throw CommandFailed(description: "no process '\(command)'") }
        namespaces = try Namespaces(ofProcessesWith: scratch.path)
        guard namespaces.kinds.isSuperset(of: ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"]) else {
            throw CommandFailed(description: "the step has namespaces of \(namespaces.kinds) alone")
        }
        groups = try await Command.output(["cat", "/proc/\(process)/cgroup"]).lines.compactMap(Self.group)
        guard !groups.isEmpty else { throw CommandFailed(description: "the step has no control group") }
    }

    /// Of a line such as `4:memory:/slipway/r0`: cgroups(7).
    private static func group(_ line: String) -> Group? {
        let words = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[2].contains("/slipway") else { return nil }
        let path = "/sys/fs/cgroup/\(words[1])\(words[2])"
        return number(of: path).map { Group(path: path, number: $0) }
    }

    private static func number(of path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// What is left, in words.
    package func left() async throws -> [String] {
        let processes = try await Command.result(["pgrep", "-a", "-f", command]).lines
        let mounts = try await Command.output(["cat", "/proc/self/mountinfo"]).lines
        let loops = try await Command.result(["sh", "-c", "cat /sys/block/loop*/loop/backing_file 2>/dev/null"]).lines
        return processes + (mounts + loops).filter { $0.contains(scratch) }
            + groups.filter(\.isThere).map(\.path) + (try namespaces.holders())
    }

    /// Waits until nothing is left.
    package func waitUntilGone() async throws {
        do {
            try await eventually("nothing is left") { try await left().isEmpty }
        } catch let failure as NeverHappened {
            throw NeverHappened(description: "\(failure.description): \(try await left())")
        }
    }
}

import BuildModel
import Documents
import Glibc
import Platform
import Sandbox
import TestSupport

/// Runs `slipway-step`, the program that runs one step, so that the process that runs a step can be killed, or be elsewhere.
struct StepProcess {
    let sandbox: TestSandbox
    var command: [String]
    var options: [String: JSONValue] = [:]

    /// The arguments that run it.
    var words: [String] {
        var order: [String: JSONValue] = [
            "lowers": [.string(sandbox.root)], "scratch": .string(sandbox.scratch.path),
            "runtimeDirectory": .string(sandbox.settings.runtimeDirectory),
            "groupName": .string(sandbox.settings.groupName),
            "helper": .string(sandbox.settings.helper ?? ""), "command": .array(command.map { .string($0) }),
            "idStart": .integer(Int64(sandbox.settings.identities?.start ?? 0)),
        ]
        order.merge(options) { _, own in own }
        let program = SlipwayProgram.path + "-step"
        return [program, JSONValue.object(order).canonicalText]
    }

    func start(log: String) async throws -> ServerProcess { try await ServerProcess(words, log: log) }
}

/// What is on this node of a sandbox.
struct Leftovers: Equatable, CustomStringConvertible {
    var processes: [String]
    var groups: [String]
    var mounts: [String]
    var loops: [String]
    /// In the scratch directories of steps, which themselves are for whoever made them to remove.
    var files: [String]

    static func of(_ sandbox: TestSandbox) async throws -> Leftovers {
        let scratch = sandbox.scratch.path
        let listing = try await Command.result(["ps", "-eo", "pid,args"])
        let groups = try await Command.result(
            ["find", "/sys/fs/cgroup", "-maxdepth", "4", "-type", "d", "-path", "*/\(sandbox.settings.groupName)/*"]
        )
        let mounts = String(decoding: try await Command.output(["cat", "/proc/self/mountinfo"]).output, as: UTF8.self)
        let loops = try await Command.result(["sh", "-c", "cat /sys/block/loop*/loop/backing_file 2>/dev/null"])
        return Leftovers(
            processes: listing.lines.filter { $0.contains(scratch) && !$0.contains("ps -eo") },
            groups: groups.lines,
            mounts: mounts.split(separator: "\n").map(String.init).filter { $0.contains(scratch) },
            loops: loops.lines.filter { $0.contains(scratch) },
            files: try Directories.list(scratch).filter { $0.hasPrefix("step-") || $0.hasPrefix("scratch-") }
                .flatMap { try Directories.list("\(scratch)/\($0)") }
        )
    }

    /// What stays. Whoever kills takes the processes that are near the worker; the last of the step's go a moment later.
    static func lasting(of sandbox: TestSandbox) async throws -> Leftovers {
        let end = ContinuousClock.now + .seconds(180)
        var left = try? await of(sandbox)
        while left != Leftovers.none, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
            left = try? await of(sandbox)
        }
        if let left { return left }
        return try await of(sandbox)
    }

    static let none = Leftovers(processes: [], groups: [], mounts: [], loops: [], files: [])

    var description: String {
        "processes \(processes), groups \(groups), mounts \(mounts), loops \(loops), files \(files)"
    }
}

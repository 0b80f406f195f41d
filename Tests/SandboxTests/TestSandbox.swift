import BuildModel
import Glibc
import Platform
import Sandbox
import Synchronization
import TestSupport

/// A sandbox of a test's own on a root file system of one program, with a group and ids that no other test uses.
final class TestSandbox: Sendable {
    let scratch: Scratch
    let settings: SandboxSettings
    let log = CollectedLog()

    /// Two that had the same group would end each other's steps.
    private static let count = Atomic<UInt32>(0)

    private static let programs = [
        "sh", "cat", "cp", "dd", "df", "echo", "env", "find", "free", "grep", "head", "id", "kill", "ln", "ls", "mkdir",
        "mknod",
        "mount", "mv", "nc", "nproc", "od", "ps", "rm", "seq", "setsid", "sleep", "stat", "sync", "tail", "touch", "tr",
        "true",
        "umount", "unshare", "wc", "wget", "yes", "chmod", "chown", "hostname", "ifconfig", "ip", "chroot", "dmesg",
        "nsenter",
        "sha256sum", "nohup", "awk", "sed", "readlink", "pwd", "date", "test", "sort", "xargs", "setpriv", "printf",
        "telnet",
    ]

    init(change: (inout SandboxSettings) -> Void = { _ in }) throws {
        // As the worker does: a helper that ends before it has read its orders must not end the tests.
        SystemInformation.prepareProcess()
        scratch = try Scratch()
        chmod(scratch.path, 0o755)
        let number = Self.count.add(1, ordering: .relaxed).newValue % 1000
        var settings = SandboxSettings(runtimeDirectory: scratch("run"), cacheDirectory: scratch("disks"))
        settings.helper = SlipwayProgram.path + "-sandbox"
        settings.groupName = "slipway-test-\(getpid())-\(number)"
        settings.identities = IdentityRange(start: 0x6000_0000 + number * 4 * 65536, count: 4 * 65536)
        change(&settings)
        self.settings = settings
        try makeRoot()
    }

    deinit {
        for controller in (try? Directories.list("/sys/fs/cgroup")) ?? [] {
            rmdir("/sys/fs/cgroup/\(controller)/\(settings.groupName)")
        }
        for name in ["\(settings.groupName)/supervisor", settings.groupName] { rmdir("/sys/fs/cgroup/\(name)") }
    }

    /// The OCI runtimes that steps may run in.
    static let runtimes = ["crun", "runc"]

    /// Where an installed runtime is.
    static func path(ofRuntime name: String) async throws -> String {
        try await Command.output(["sh", "-c", "command -v \(name)"]).lines[0]
    }

    var root: String { scratch("root") }

    private func makeRoot() throws {
        for directory in ["bin", "etc", "proc", "dev", "tmp", "root", "work"] {
            try Directories.create("\(root)/\(directory)")
        }
        try Files.writeAtomically(try Files.read("/usr/bin/busybox"), to: "\(root)/bin/busybox", mode: 0o755)
        for program in Self.programs { symlink("busybox", "\(root)/bin/\(program)") }
        try scratch.write("of the image\n", to: "root/etc/removed")
        try scratch.write("root:x:0:0:root:/root:/bin/sh\nnobody:x:1000:1000::/:/bin/sh\n", to: "root/etc/passwd")
    }

    /// Builds the program that tries what must be refused, and paths of a file of the host for it; static, so that it runs in any image.
    func installProbes() async throws -> [String] {
        let source = "\(Checkout.root)/Tests/SandboxTests/Probes/probes.c"
        try await Command.output(["cc", "-static", "-O1", "-o", "\(root)/bin/probes", source])
        let marker = try scratch.write("of the host", to: "host-file")
        return [
            marker, "/../../../..\(marker)", "/proc/1/root\(marker)", "/proc/1/cwd\(marker)",
            "/proc/self/cwd/../..\(marker)",
            "/proc/self/fd/3\(marker)", "/proc/self/fd/5/..\(marker)", "/proc/thread-self/root\(marker)",
        ]
    }

    /// How many probes there are at least, besides paths.
    static let probes = 105

    var runner: SandboxRunner { SandboxRunner(settings: settings) }

    /// A step that runs `script` by the shell.
    func step(_ script: String, change: (inout BuildStep) -> Void = { _ in }) throws -> SandboxedStep {
        var step = BuildStep(
            name: "step",
            kind: .build,
            image: try ImageReference(parsing: "docker.io/library/busybox:1"),
            arguments: ["/bin/sh", "-c", script],
            command: script,
            source: "test",
            workingDirectory: "/work"
        )
        change(&step)
        let identifier = "t\(UInt32.random(in: 0 ... .max))"
        try Directories.create(scratch("scratch-\(identifier)"))
        return SandboxedStep(
            step: step,
            lowers: [root],
            scratch: scratch("scratch-\(identifier)"),
            identifier: identifier
        )
    }

    /// Runs `script` in a step.
    func run(_ script: String, change: (inout BuildStep) -> Void = { _ in }) async throws -> StepOutcome {
        try await runner.run(try step(script, change: change), log: log)
    }
}

import BuildModel
import Glibc
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("What a step must not be able to do")
struct EscapeTests {
    @Test("every probe is refused", arguments: TestSandbox.runtimes)
    func refused(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        let paths = try await sandbox.installProbes()
        _ = try await sandbox.run("probes \(paths.joined(separator: " "))")
        let lines = sandbox.log.texts
        #expect(lines.filter { $0.hasPrefix("step: refused") }.count >= TestSandbox.probes + paths.count)
        #expect(lines.filter { !$0.hasPrefix("step: refused") } == [])
    }

    @Test("a step that installs packages may change owners, and is refused everything else")
    func system() async throws {
        let sandbox = try TestSandbox()
        _ = try await sandbox.installProbes()
        let outcome = try await sandbox.run("touch /f; chown 1000:1000 /f; chmod 4755 /f; stat -c '%u %a' /f; probes") {
            $0.kind = .system
        }
        let lines = sandbox.log.texts
        #expect(lines.first == "step: 1000 4755")
        #expect(lines.dropFirst().filter { !$0.hasPrefix("step: refused") } == ["step: ALLOWED owner_of_another"])
        #expect(try Directories.list(outcome.upperDirectory) == ["f"])
    }

    @Test("the same probes find something where nothing refuses them, so that they can fail")
    func control() async throws {
        let sandbox = try TestSandbox()
        _ = try await sandbox.installProbes()
        // Root of a namespace of its own alone, and nobody on the node, which nothing of this may reach.
        let result = try await Command.result(
            [
                "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "--user",
                "--map-root-user", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork",
                "\(sandbox.root)/bin/probes", "/etc/passwd",
            ]
        )
        // What the kernel allows, and what it would if the arguments were better.
        let reached = result.lines.filter { $0.hasPrefix("ALLOWED ") || $0.hasPrefix("UNCLEAR ") }.map {
            $0.dropFirst(8)
        }
        for name in Self.reachable { #expect(reached.contains { $0.hasPrefix(name) }, "\(name)") }
    }

    @Test("what the kernel itself refuses to many is refused by the sandbox: root finds it, where the kernel has it")
    func kernel() async throws {
        let sandbox = try TestSandbox()
        _ = try await sandbox.installProbes()
        let names = [
            "bpf", "compare_processes", "io_uring", "memfd_secret", "name_to_handle", "open_by_handle", "perf_event",
            "read_memory_of_another", "steal_descriptor", "userfaultfd",
        ]
        let words = ["\(sandbox.root)/bin/probes"] + names.map { "=\($0)" }
        let result = try await Command.result(words)
        #expect(result.lines.count == names.count, "\(result.text)")
        let switchedOff = (try? Files.read(kernelFile: "/proc/sys/kernel/io_uring_disabled")).map { $0.first == 0x32 }
        for line in result.lines where !(line.contains(" io_uring") && switchedOff == true) {
            #expect(
                line.hasPrefix("ALLOWED ") || line.hasSuffix(": Function not implemented")
                    || line.hasSuffix(": Operation not supported"),
                "\(line)"
            )
        }
    }

    /// Those that nothing but the sandbox refuses, on any kernel that it runs on.
    private static let reachable = [
        "mount_tmpfs", "mount_overlay", "bind_mount", "remount_proc_writable", "umount_proc", "pivot_root",
        "change_root", "open_tree", "move_mount", "fsopen", "mount_setattr", "unshare_user", "unshare_mount",
        "unshare_network", "unshare_process", "unshare_cgroup", "clone_user", "clone_network", "clone_three",
        "setns_network", "trace_me", "trace_one", "read_memory_of_another", "steal_descriptor", "name_to_handle",
        "reboot", "set_host_name", "set_domain_name", "set_clock", "adjust_clock",
        "packet_socket", "raw_socket", "own_privileges", "owner_of_another", "new_privileges", "no_random_addresses",
        "host file /etc/passwd",
    ]

    @Test(
        "a directory of its own choice leads no step out, by no descriptor of the runtime's",
        arguments: TestSandbox.runtimes
    )
    func directory(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let sandbox = try TestSandbox { $0.runtime = path }
        let marker = try sandbox.scratch.write("of the host", to: "host-file")
        for number in 3..<12 {
            for directory in ["/proc/self/fd/\(number)", "/proc/1/fd/\(number)", "/work/../proc/self/fd/\(number)"] {
                let script = "for up in . .. ../.. ../../.. ../../../..; do cat $up\(marker); done; pwd"
                // That it cannot be started is as good.
                _ = try? await sandbox.run(script) { $0.workingDirectory = directory }
            }
        }
        #expect(!sandbox.log.texts.contains { $0.contains("of the host") }, "\(sandbox.log.texts)")
        #expect(try await Leftovers.lasting(of: sandbox) == .none)
    }

    @Test(
        "a link of the image where something is mounted leads to nothing of the host",
        arguments: TestSandbox.runtimes
    )
    func links(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        for name in ["etc/resolv.conf", "etc/hosts", "run"] {
            let sandbox = try TestSandbox { $0.runtime = path }
            let marker = try sandbox.scratch.write("of the host", to: "host/file")
            symlink(
                "../../../../../../../..\(name == "run" ? sandbox.scratch("host") : marker)",
                "\(sandbox.root)/\(name)"
            )
            var step = try sandbox.step("cat /\(name) /\(name)/file; echo x >>/\(name); echo ran")
            step.secrets = ["TOKEN": Redacted("hidden-value")]
            _ = try? await sandbox.runner.run(step, log: sandbox.log)
            #expect(!sandbox.log.texts.contains { $0.contains("of the host") }, "\(sandbox.log.texts)")
            #expect(try Directories.list(sandbox.scratch("host")) == ["file"])
            #expect(try Files.read(marker) == Array("of the host".utf8))
        }
    }
}

import BuildModel
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
        let allowed = result.lines.filter { $0.hasPrefix("ALLOWED") }
        for name in [
            "mount_tmpfs", "unshare_user", "change_root", "set_host_name", "trace_me", "packet_socket",
            "host file /etc/passwd",
        ] {
            #expect(allowed.contains { $0.hasPrefix("ALLOWED \(name)") }, "\(name)")
        }
    }
}

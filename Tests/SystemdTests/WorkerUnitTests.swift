import Platform
import Settings
import TestSupport
import Testing

@Suite("The worker's unit")
struct WorkerUnitTests {
    /// The unit with a program that exists wherever tests run.
    private func unit() throws -> UnitFile {
        try UnitFile("slipway-worker.service").replacing("/usr/bin/slipway worker", with: "/bin/true worker")
    }

    @Test("is accepted by systemd without a word")
    func verified() async throws {
        #expect(try await unit().complaints() == [])
    }

    @Test("a misspelt key would be noticed")
    func misspelt() async throws {
        let complaints = try await unit().replacing("KillMode=", with: "KilMode=").complaints()
        #expect(complaints.contains { $0.contains("KilMode") }, "\(complaints)")
    }

    @Test("a program that is not there would be noticed")
    func missingProgram() async throws {
        let complaints = try await unit().replacing("/bin/true", with: "/nowhere/slipway").complaints()
        #expect(complaints.contains { $0.contains("/nowhere/slipway") }, "\(complaints)")
    }

    @Test("leaves a worker that makes namespaces no more than 5.0 points of exposure")
    func exposure() async throws {
        #expect(try await unit().exposure() <= 50)
    }

    @Test(
        "is less exposed for each of its walls",
        arguments: [
            "CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "ProtectProc",
            "ProtectKernelTunables", "RestrictAddressFamilies", "SystemCallFilter",
        ]
    )
    func wall(key: String) async throws {
        let whole = try await unit().exposure()
        let breached = try await unit().removing(key).exposure()
        #expect(breached > whole)
    }

    @Test("gives the worker longer to stop than its builds may take to finish")
    func stopping() async throws {
        let span = try #require(try unit().values(of: "TimeoutStopSec").last)
        let drain = try #require(SettingKey.all.first { $0.path == "build.drainSeconds" }?.defaultText)
        #expect(try await UnitFile.seconds(span) > #require(Double(drain)))
    }

    @Test("leaves what build steps need: namespaces, groups, loop devices, and no filter that reaches into them")
    func steps() throws {
        let unit = try unit()
        let namespaces = try #require(unit.values(of: "RestrictNamespaces").last)
        for kind in ["user", "mnt", "pid", "ipc", "uts", "net", "cgroup"] { #expect(namespaces.contains(kind)) }
        let capabilities = unit.values(of: "CapabilityBoundingSet").joined(separator: " ")
        for needed in ["SYS_ADMIN", "SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "NET_ADMIN"] {
            #expect(capabilities.contains("CAP_\(needed)"))
        }
        let groups = try #require(unit.values(of: "Delegate").last)
        for controller in ["cpu", "memory", "pids"] { #expect(groups.contains(controller)) }
        #expect(unit.values(of: "DeviceAllow").contains { $0.hasPrefix("/dev/loop-control") })
        for harmful in ["MemoryDenyWriteExecute", "RestrictSUIDSGID", "PrivateUsers", "ProtectHostname"] {
            #expect(unit.values(of: harmful) == [], "\(harmful)")
        }
    }
}

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

    @Test("leaves the worker no more than 2.0 points of exposure")
    func exposure() async throws {
        #expect(try await unit().exposure() <= 20)
    }

    @Test(
        "is less exposed for each of its walls",
        arguments: [
            "User", "CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateDevices",
            "PrivateUsers", "RestrictNamespaces", "RestrictAddressFamilies", "SystemCallFilter",
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

    @Test("runs as an account that its sysusers file makes, whose home is the state directory")
    func account() async throws {
        let unit = try unit()
        let user = try #require(unit.values(of: "User").last)
        let state = try #require(unit.values(of: "StateDirectory").last)
        let scratch = try Scratch()
        try Directories.create(scratch("etc"))
        try await Command.output(
            ["systemd-sysusers", "--root=\(scratch.path)", "\(UnitFile.directory)/slipway.sysusers.conf"]
        )
        let accounts = String(decoding: try Files.read(scratch("etc/passwd")), as: UTF8.self)
        let account = try #require(accounts.split(separator: "\n").first { $0.hasPrefix("\(user):") })
        let fields = account.split(separator: ":", omittingEmptySubsequences: false)
        #expect(fields[5] == "/var/lib/\(state)")
        #expect(fields[6].hasSuffix("nologin"))
    }
}

import BuildModel
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A step in the sandbox")
struct StepRunTests {
    @Test("runs its command as root of nothing, and what it writes is what it changed")
    func run() async throws {
        let sandbox = try TestSandbox()
        let outcome = try await sandbox.run("id -u; echo hello >/written; rm /etc/removed")
        #expect(sandbox.log.texts.contains("step: 0"))
        let names = try Directories.list(outcome.upperDirectory)
        #expect(names == ["etc", "written"])
        #expect(try Files.read("\(outcome.upperDirectory)/written") == Array("hello\n".utf8))
    }
}

import BuildModel
import Documents
import Glibc
import TestSupport
import Testing

@Suite("What a worker says when it stops")
struct StopCountTests {
    @Test("counts the builds that it finishes, and none that have ended")
    func count() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let silent = try SilentServer()
        let worker = try await farm.startWorker()
        try await farm.add("done", repository: "app")
        #expect(try await farm.ended("done")["state"] == "SUCCESS", "\(worker.log)")
        try await farm.add(
            #"{"deploymentId":"slow","projectId":"p","attempts":1,"repositoryUrl":"http://127.0.0.1:\#(silent.port)/a"}"#
        )
        try await eventually("the build runs") { try await farm.status("slow")?["state"] == "BUILDING" }
        worker.signal(SIGTERM)
        let line = try await eventually("the worker drains") {
            worker.log.split(separator: "\n").first { $0.contains("taking nothing new") }
        }
        #expect(try JSONDocument.parse(String(line))["builds"] == "1", "\(line)")
        silent.stop()
        try await eventually("the worker has ended") { !worker.isRunning }
    }
}

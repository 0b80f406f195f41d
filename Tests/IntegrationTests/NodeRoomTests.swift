import BuildModel
import Documents
import TestSupport
import Testing

@Suite("A node whose disk is full")
struct NodeRoomTests {
    private func start(_ farm: Farm) async throws -> (ServerProcess, SmallDisk) {
        let disk = SmallDisk(directory: farm.scratch("cache"), trigger: farm.scratch("fill-the-disk"))
        let worker = try await farm.startWorker("--worker-minimum-free-bytes", String(16 << 20), on: disk)
        return (worker, disk)
    }

    @Test("takes no builds, says so where people look, and goes on when there is room")
    func closed() async throws {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["index.html": "x"])
        let (worker, disk) = try await start(farm)
        disk.fill(true)
        try await eventually("it notices") { worker.log.contains("taking no builds until there is room") }
        try await farm.add("d1", repository: "app")
        try await eventually("the farm knows") {
            try await farm.slipway("queue").text.contains("node-1 takes no builds")
        }
        let queue = try JSONDocument.parse(try await farm.slipway("queue", "-o", "json").text)
        #expect(queue["workers"]?.array?.first?["closed"]?.string?.contains("worker.minimumFreeBytes") == true)
        #expect(try await farm.slipway("status", "d1").text.contains("no worker takes builds now; node-1:"))
        #expect(try await farm.status("d1")?["state"] == "PENDING")
        disk.fill(false)
        #expect(try await farm.ended("d1")["state"] == "SUCCESS", "\(worker.log)")
        #expect(worker.log.contains("there is room again"))
        #expect(try await farm.status("d1")?["attempt"] == 1)
        // With its next claim, which a loaded node makes a little later than the end of the build is seen.
        try await eventually("the farm knows that there is room") {
            try await !farm.slipway("queue").text.contains("takes no builds")
        }
    }

    @Test("gives back what fails meanwhile, and the attempt does not count")
    func givenBack() async throws {
        let farm = try await Farm()
        let silent = try SilentServer()
        let (worker, disk) = try await start(farm)
        try await farm.add(
            #"{"deploymentId":"d1","projectId":"p","attempts":1,"repositoryUrl":"http://127.0.0.1:\#(silent.port)/app"}"#
        )
        try await eventually("the build runs") { try await farm.status("d1")?["state"] == "BUILDING" }
        disk.fill(true)
        try await eventually("it notices") { worker.log.contains("taking no builds until there is room") }
        silent.stop()
        try await eventually("it is given back") { worker.log.contains("build given back to the queue") }
        let status = try await farm.status("d1")
        #expect(status?["state"] == "PENDING", "\(worker.log)")
        #expect(status?["attempt"] == 0)
        #expect(try await farm.slipway("logs", "d1").text.contains("less than the 16 MiB of worker.minimumFreeBytes"))
        // Its only attempt is left to a node that has room.
        let second = try await farm.startWorker("--worker-name", "node-2", "--cache-directory", farm.scratch("cache-2"))
        #expect(try await farm.ended("d1")["worker"] == "node-2", "\(second.log)")
        #expect(try await farm.status("d1")?["attempt"] == 1)
    }

    @Test("is a warning of slipway doctor, by name, and no reason not to start")
    func doctor() async throws {
        let farm = try await Farm()
        let flag = ["--worker-minimum-free-bytes", "1099511627776"]
        let report = try await farm.slipway(["doctor", "-o", "json"] + flag)
        let findings = try JSONDocument.parse(report.text)["findings"]?.array ?? []
        let cache = findings.first { $0["name"] == "node.cache" }
        #expect(cache?["status"] == "warning")
        #expect(cache?["message"]?.string?.contains("takes no builds with less than 1048576 MiB") == true)
        let worker = try await farm.startWorker(flag[0], flag[1])
        try await eventually("it takes nothing") { worker.log.contains("taking no builds until there is room") }
    }
}

import BuildModel
import Documents
import Platform
import TestSupport
import Testing

/// Layers that one node of a farm made, on another that has a cache of its own.
@Suite("Layers in a farm")
struct LayerFarmTests {
    private static let layers = "slipway:{farm}:layer:*"

    private func farm() async throws -> Farm {
        let farm = try await Farm()
        _ = try await farm.repository("app", ["main.py": "print('x')\n", "data/a.txt": "a\n"])
        return farm
    }

    private func worker(_ farm: Farm, _ name: String) async throws -> ServerProcess {
        try await farm.startWorker("--worker-name", name, "--cache-directory", farm.scratch("cache-\(name)"))
    }

    /// Has the app built by a node of a farm that knows nothing.
    private func build(_ farm: Farm) async throws {
        let worker = try await worker(farm, "node-1")
        try await farm.add("d-1", repository: "app")
        #expect(try await farm.ended("d-1")["state"] == "SUCCESS", "\(worker.log)")
        worker.stop()
    }

    @Test("are known there by what they are made of: no object is read, and no byte sent")
    func known() async throws {
        let farm = try await farm()
        try await build(farm)
        let first = try await farm.slipway("logs", "d-1").text
        #expect(first.contains("nothing of this part is remembered; 0 of "), "\(first)")
        #expect(try await !keys(farm).isEmpty)

        let worker = try await worker(farm, "node-2")
        let before = farm.registry.requests.count
        // Another command makes another image of the same layers.
        try await farm.add("d-2", repository: "app", #","startCommand":"python3 main.py --again""#)
        #expect(try await farm.ended("d-2")["state"] == "SUCCESS", "\(worker.log)")
        let log = try await farm.slipway("logs", "d-2").text
        #expect(log.contains("remembered by the farm as ") && !log.contains("members were kept"), "\(log)")
        #expect(!log.contains("are lacking and are made again"), "\(log)")
        let sent = farm.registry.requests.dropFirst(before).filter { $0.hasPrefix("PUT") && $0.contains("/blobs/") }
        #expect(sent.count == 1, "more than the config was sent: \(sent)")
        try await farm.add("d-3", repository: "app", #","startCommand":"python3 main.py --third""#)
        #expect(try await farm.ended("d-3")["state"] == "SUCCESS", "\(worker.log)")
        #expect(try await farm.slipway("logs", "d-3").text.contains("remembered by the node as "))
        worker.stop()
    }

    @Test(
        "whose bytes are others than the farm remembers are an error that names both codecs, and the next build is right"
    )
    func wrong() async throws {
        let farm = try await farm()
        try await build(farm)
        var codec = ""
        for key in try await keys(farm) {
            var words = try await farm.redis.cli("GET", key).first?.split(separator: " ").map(String.init) ?? []
            guard words.count == 5 else { continue }
            codec = words[4]
            words[1] = Digest(of: "other").hex
            words[4] = "gzip-libdeflate-balanced-v0-00000000"
            _ = try await farm.redis.cli("SET", key, words.joined(separator: " "))
        }
        #expect(codec.hasPrefix("gzip-libdeflate-balanced-"))

        let worker = try await worker(farm, "node-2")
        try await farm.add("d-2", repository: "app", #","startCommand":"python3 main.py --again""#)
        let status = try await farm.ended("d-2")
        #expect(status["state"] == "FAILED", "\(worker.log)")
        let words = status.canonicalText
        #expect(words.contains(codec) && words.contains("gzip-libdeflate-balanced-v0-00000000"), "\(words)")
        try await farm.add("d-3", repository: "app", #","startCommand":"python3 main.py --third""#)
        #expect(try await farm.ended("d-3")["state"] == "SUCCESS", "\(worker.log)")
        worker.stop()
    }

    @Test("that a node pushed for one project are mounted by another node for the next, and for no other tenant")
    func mounted() async throws {
        let farm = try await farm()
        _ = try await farm.repository("next", ["main.py": "print('x')\n", "data/a.txt": "a\n"])
        try await build(farm)

        let worker = try await worker(farm, "node-2")
        let before = farm.registry.requests.count
        try await farm.add("d-2", repository: "next")
        #expect(try await farm.ended("d-2")["state"] == "SUCCESS", "\(worker.log)")
        let log = try await farm.slipway("logs", "d-2").text
        let requests = farm.registry.requests.dropFirst(before)
        let mounts = requests.filter { $0.hasPrefix("POST /v2/apps/p-next/blobs/uploads/ 201") }
        let sent = requests.filter { $0.hasPrefix("PUT") && $0.contains("/blobs/") }
        #expect(mounts.count == log.count(of: " was taken over from another repository") && mounts.count > 1, "\(log)")
        #expect(sent.count == 1, "more than the config was sent: \(sent)\n\(log)")

        let image = "\(farm.registry.host)/other/next"
        try await farm.add("d-3", repository: "next", #","organizationId":"other","image":"\#(image)""#)
        #expect(try await farm.ended("d-3")["state"] == "SUCCESS", "\(worker.log)")
        let other = try await farm.slipway("logs", "d-3").text
        #expect(other.count(of: " was uploaded") == mounts.count + 1, "\(other)")
        worker.stop()
    }

    private func keys(_ farm: Farm) async throws -> [String] {
        try await farm.redis.cli("--scan", "--pattern", Self.layers)
    }
}

extension String {
    fileprivate func count(of words: String) -> Int { split(separator: "\n").count { $0.contains(words) } }
}

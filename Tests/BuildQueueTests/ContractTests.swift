import BuildModel
import Documents
import Platform
import RedisTransport
import TestSupport
import Testing

@testable import BuildQueue

@Suite("The contract")
struct ContractTests {
    private static func file(_ name: String) throws -> String {
        let root = #filePath.components(upTo: "/Tests/BuildQueueTests/")
        return String(decoding: try Files.read("\(root)/docs/\(name)"), as: UTF8.self)
    }

    /// Whether the schema accepts each value, by an independent validator.
    private static func verdicts(_ requests: [String]) async throws -> [Bool] {
        let program = """
            import json, sys
            from jsonschema import Draft202012Validator
            schema, requests = json.load(sys.stdin)
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema)
            print(json.dumps([validator.is_valid(json.loads(text)) for text in requests]))
            """
        let schema = try JSONDocument.parse(try file("request.schema.json"))
        let input = JSONValue.array([schema, .array(requests.map(JSONValue.string))])
        let output = try await Command.output(["python3", "-c", program], input: input.canonicalBytes)
        return try JSONDocument.parse(output.output).array?.compactMap(\.bool) ?? []
    }

    @Test("has a schema with every field that is read, and no other")
    func schemaFields() throws {
        let schema = try JSONDocument.parse(try Self.file("request.schema.json"))
        #expect(Set(schema["properties"]?.object?.keys ?? [:].keys) == BuildRequest.knownFields)
    }

    @Test("has examples that schema and worker accept, one with every field")
    func examples() async throws {
        let blocks = try Self.file("contract.md").components(between: "```json\n", and: "```")
        #expect(!blocks.isEmpty)
        for block in blocks { _ = try BuildRequest(json: try JSONDocument.parse(block)) }
        #expect(Set(try JSONDocument.parse(blocks[0]).object?.keys ?? [:].keys) == BuildRequest.knownFields)
        #expect(try await Self.verdicts(blocks) == blocks.map { _ in true })
    }

    @Test("has a schema that agrees with the worker")
    func agreement() async throws {
        let members = Self.members + [Self.labels(32), Self.labels(33)]
        let requests = members.map { Farm.request("d1", ",\($0)") } + Self.whole
        let ours = requests.map { text in
            (try? BuildRequest(json: try JSONDocument.parse(text))) != nil
        }
        let theirs = try await Self.verdicts(requests)
        #expect(theirs.count == requests.count)
        for (request, verdicts) in zip(requests, zip(ours, theirs)) where verdicts.0 != verdicts.1 {
            Issue.record("\(request.prefix(200)): the worker says \(verdicts.0), the schema \(verdicts.1)")
        }
        #expect(theirs.contains(true))
        #expect(theirs.contains(false))
    }

    private static let members = [
        #""version":1"#, #""version":2"#, #""branch":"main""#, #""branch":"""#, #""branch":7"#, #""branch":null"#,
        #""commitSha":"ABCD""#, #""commitSha":"abc""#, #""commitSha":"wxyz""#, #""rootDirectory":"a/b""#,
        #""rootDirectory":"..""#, #""rootDirectory":"a/../b""#, #""rootDirectory":"a/..""#,
        #""rootDirectory":"..a/b..""#,
        #""environmentVariables":{"A":"x","_b":1,"C9":true}"#, #""environmentVariables":{"9":"x"}"#,
        #""environmentVariables":{"A":[]}"#, #""environmentVariables":{"A":"\u0000"}"#, #""environmentVariables":[]"#,
        #""environmentVariables":{"A":1.5}"#, #""buildSecrets":["a"]"#, #""buildSecrets":[1]"#, #""buildSecrets":"a""#,
        #""priority":-1000000"#, #""priority":1000001"#, #""priority":"1""#, #""priority":1.5"#, #""attempts":0"#,
        #""attempts":100"#, #""backoff":{}"#, #""backoff":{"type":"fixed"}"#, #""backoff":{"delay":0}"#,
        #""backoff":{"delay":-1}"#, #""backoff":{"jitter":true}"#, #""backoff":{"jitter":1}"#, #""delay":2592000000"#,
        #""delay":-1"#, #""labels":{"a":"b","c":"d:1"}"#, #""labels":{"a b":"c"}"#, #""labels":{"a":1}"#,
        #""labels":[]"#,
        #""labels":{"a":""}"#, #""delay":2592000001"#, #""timeoutSeconds":0"#, #""supersedes":"a b""#,
        #""supersedes":"a-b""#,
        #""healthCheckPath":"health""#, #""healthCheckPath":"/h""#, #""port":65535"#, #""port":65536"#,
        #""customDomain":"a.b""#, #""resources":{"requests":{"cpu":"1"},"limits":null}"#, #""resources":{"limits":7}"#,
        #""resources":{"limits":{"memory":7}}"#, #""deploy":false"#, #""deploy":"no""#, #""deploy":"render""#,
        #""deploy":1"#, #""sslEnabled":true"#, #""rollback":true"#, #""rollback":false"#, #""rollback":"d0""#,
        #""rollback":"""#, #""rollback":7"#,
        #""environmentSecrets":{"A":{"secret":"db","key":"url"}}"#,
        #""environmentSecrets":{"A":{"secret":"Db","key":"u"}}"#,
        #""environmentSecrets":{"A":{"secret":"db"}}"#, #""environmentSecrets":{"1":{"secret":"db","key":"k"}}"#,
        #""environmentSecrets":{"A":"b"}"#, #""releaseCommand":"x""#, #""releaseCommand":"""#, #""unknown":[1]"#,
        #""stepLimits":null"#, #""stepLimits":{}"#, #""stepLimits":{"memoryMiB":16,"diskMiB":1,"seconds":null}"#,
        #""stepLimits":{"memoryMiB":15}"#, #""stepLimits":{"memoryMiB":16777217}"#, #""stepLimits":{"diskMiB":0}"#,
        #""stepLimits":{"processes":1000000,"processors":1024}"#, #""stepLimits":{"processes":1000001}"#,
        #""stepLimits":{"processors":1025}"#, #""stepLimits":{"processors":1.5}"#, #""stepLimits":{"seconds":86401}"#,
        #""stepLimits":{"memory":512}"#, #""stepLimits":{"outputMiB":1024}"#, #""stepLimits":{"outputMiB":1025}"#,
        #""stepLimits":{"seconds":"5"}"#, #""stepLimits":[]"#,
        #""organizationId":"-x""#, #""startCommand":"a\u0000""#, #""image":"h.example/a:b""#,
    ]

    private static func labels(_ count: Int) -> String {
        #""labels":{"# + (0..<count).map { #""l\#($0)":"x""# }.joined(separator: ",") + "}"
    }

    private static let whole = [
        #"{"deploymentId":"r1","projectId":"p1","rollback":true}"#,
        #"{"deploymentId":"r1","projectId":"p1","rollback":"d0","repositoryUrl":null}"#,
        #"{"deploymentId":"r1","projectId":"p1","rollback":false}"#,
        #"{"deploymentId":"r1","rollback":true}"#,
        "{}", "[]", "7", "null", #"{"deploymentId":"d1","projectId":"p1"}"#,
        #"{"deploymentId":null,"projectId":"p1","repositoryUrl":"u"}"#,
        #"{"deploymentId":"d1","projectId":"","repositoryUrl":"u"}"#,
        #"{"deploymentId":"a.b_c:d-e","projectId":"p1","repositoryUrl":"u"}"#,
        #"{"deploymentId":"\#(String(repeating: "a", count: 129))","projectId":"p1","repositoryUrl":"u"}"#,
    ]

    @Test("describes every key and every field that a farm has")
    func everyKey() async throws {
        let farm = try await Farm()
        try await busyFarm(farm)
        let contract = try Self.file("contract.md")
        let keys = try await farm.server.cli("KEYS", "*")
        #expect(keys.count >= 14)
        for key in keys {
            let parts = key.split(separator: ":", maxSplits: 3).map(String.init)
            let name = ["claim": "token", "ready": "tenant", "finished": "state"][parts[2]] ?? "id"
            let pattern = parts[2] + (parts.count > 3 ? ":<\(name)>" : "")
            #expect(contract.contains("`slipway:{farm}:\(pattern)`"), "key \(key)")
            for field in try await fields(of: key, farm) {
                #expect(contract.contains("`\(field)`"), "field \(field) of \(key)")
            }
        }
    }

    private func busyFarm(_ farm: Farm) async throws {
        let worker = try farm.worker()
        let first = try await farm.claimed("d1", by: worker)
        try await worker.setPhase(first, .cloning)
        try await worker.appendLog(first, from: 1, lines("a"))
        try await worker.finish(first, .succeeded(try fullResult()))
        let second = try await farm.claimed("d2", by: worker)
        try await worker.finish(second, .failed(.cancelled(operation: "test")))
        _ = try await farm.claimed("d3", by: worker)
        try await farm.add("nonsense")
        _ = try await farm.client.enqueue(Farm.request("d4"))
        try await farm.add(Farm.request("d5"))
        _ = try await farm.client.status("d5")
        try await farm.add(Farm.request("d6"))
        try await worker.tend()
        try await busyOperators(farm, worker)
    }

    private func busyOperators(_ farm: Farm, _ worker: WorkerQueue) async throws {
        for id in ["d7", "d8"] { try await farm.add(Farm.request(id, #","supersedes":"main","priority":9"#)) }
        let passing = BuildFailure(.platform, .system, operation: "test", message: "Away.", isRetryable: true)
        try await worker.finish(try #require(try await worker.claim()), .failed(passing))
        try await farm.add(Farm.request("d9", #","attempts":1,"priority":8"#))
        try await worker.finish(try #require(try await worker.claim()), .failed(passing))
        try await farm.add(Farm.request("d10", #","priority":9"#))
        _ = try await worker.claim()
        _ = try await farm.client.cancel("d10")
    }

    /// The names of a hash's fields, or of those of a stream's entries.
    private func fields(of key: String, _ farm: Farm) async throws -> [String] {
        switch try await farm.server.cli("TYPE", key).first {
        // Its names are ids and the like, not words of the contract.
        case "hash" where ["latest", "running", "nodes"].contains { key.hasSuffix(":\($0)") }: return []
        case "hash": return try await farm.server.cli("HKEYS", key)
        case "stream" where !key.hasSuffix("doorbell"):
            let entries = try await farm.redis.send(["XRANGE", RedisArgument(key), "-", "+"]).array ?? []
            return Set(entries.flatMap { $0[1]?.pairs.map(\.key) ?? [] }).sorted()
        default: return []
        }
    }

    @Test("lets a producer with the documented rights queue and read, and no more")
    func producerRights() async throws {
        let farm = try await Farm()
        let rights = ["~slipway:{farm}:intake", "+xadd"]
        let reading = ["%R~slipway:{farm}:*", "+hmget", "+hgetall", "+xread", "+xrange"]
        let contract = try Self.file("contract.md")
        #expect(contract.contains("`\(rights.joined(separator: " "))`"))
        #expect(contract.contains("`\(reading.joined(separator: " "))`"))
        try await farm.redis.send(
            ["ACL", "SETUSER", "producer", "on", ">p"] + (rights + reading).map { RedisArgument($0) }
        )
        let login = ["redis-cli", "-e", "-p", String(farm.server.port), "--user", "producer", "--pass", "p"]
        let request = ["*", "request", Farm.request("d1")]
        try await Command.output(login + ["XADD", Farm.intake] + request)
        #expect(try await farm.worker().claim()?.id == "d1")
        let state = try await Command.output(login + ["HMGET", "slipway:{farm}:build:d1", "state"])
        #expect(state.text.contains("BUILDING"))
        let refused = try await Command.result(login + ["DEL", "slipway:{farm}:build:d1"])
        #expect(refused.text.contains("NOPERM") || refused.errorText.contains("NOPERM"))
    }
}

extension String {
    /// What comes before the first `mark`.
    fileprivate func components(upTo mark: String) -> String {
        String(split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false).first ?? "")
    }

    /// Every text between two marks.
    fileprivate func components(between start: String, and end: String) -> [String] {
        split(separator: start, omittingEmptySubsequences: false).dropFirst().map { part in
            String(part.split(separator: end, maxSplits: 1, omittingEmptySubsequences: false).first ?? "")
        }
    }
}

import BuildModel
import TestSupport
import Testing

@testable import BuildQueue

/// A producer in another language, with a common client library, who has read docs/contract.md and nothing else.
@Suite("A producer in Python")
struct PythonProducerTests {
    private static let head = """
        import json, sys, redis
        r = redis.Redis(port=int(sys.argv[1]), decode_responses=True)
        farm = 'slipway:{farm}:'
        def add(id, **more):
            request = dict(deploymentId=id, projectId='shop', repositoryUrl='https://git.example/shop.git', **more)
            return r.xadd(farm + 'intake', {'request': json.dumps(request)})

        """

    private func run(_ farm: Farm, _ script: String) async throws -> [String] {
        try await Command.output(["/usr/bin/python3", "-c", Self.head + script, String(farm.server.port)]).lines
    }

    @Test("queues builds with names of any script, and reads their state")
    func queues() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        _ = try await worker.prepare()
        let added = try await run(
            farm,
            """
            add('d1', branch='größer', commitMessage='Zwei Wörter, “quoted” 🚀', organizationId='acme')
            add('d1', branch='other')
            print(r.xlen(farm + 'intake'))
            """
        )
        #expect(added == ["2"])
        let lease = try #require(try await worker.claim())
        #expect(lease.requestText.contains("d1"))
        let read = try await run(
            farm,
            """
            print(*r.hmget(farm + 'build:d1', 'state', 'branch', 'organizationId', 'attempts', 'image'))
            """
        )
        #expect(read == ["BUILDING größer acme 3 None"])
        #expect(try await worker.claim() == nil)
    }

    @Test("sees a whole cycle of attempts in events, and the log by number")
    func cycle() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        let added = try await run(farm, "add('d1', attempts=2, backoff={'type': 'exponential', 'delay': 10})")
        #expect(added == [])
        let away = BuildFailure(.platform, .unreachable, operation: "test", message: "Away.", isRetryable: true)
        for number in 1...2 {
            let lease = try await eventually("attempt \(number) begins") { try await worker.claim() }
            try await worker.appendLog(lease, from: 1, lines("line \(number)"))
            try await worker.setPhase(lease, .cloning)
            try await worker.finish(lease, .failed(away))
        }
        let seen = try await run(
            farm,
            """
            entries = r.xread({farm + 'events:d1': '0'})[0][1]
            print(*[fields['type'] + ':' + fields['state'] for _, fields in entries])
            print(*[f"{entry}={fields['text']}" for entry, fields in r.xrange(farm + 'log:d1', '2', '+')])
            print(*r.hmget(farm + 'build:d1', 'state', 'failureCode', 'attempt', 'logLines'))
            """
        )
        let attempt = "claimed:BUILDING phase:BUILDING"
        #expect(seen[0] == "queued:PENDING \(attempt) retrying:PENDING \(attempt) finished:FAILED")
        #expect(seen[1] == "2-0=line 2")
        #expect(seen[2] == "FAILED unreachable 2 2")
    }

    @Test("is woken by the first event of a build that it waits for, and cancels it by one call")
    func cancels() async throws {
        let farm = try await Farm()
        let worker = try farm.worker()
        _ = try await worker.prepare()
        async let heard = run(
            farm,
            """
            entries = r.xread({farm + 'events:d1': '0'}, block=60000)
            print(entries[0][1][0][1]['type'])
            """
        )
        try await eventually("it waits") {
            try await farm.server.cli("INFO", "clients").contains { $0.hasPrefix("blocked_clients:1") }
        }
        _ = try await run(farm, "add('d1', delay=60000)")
        #expect(try await worker.claim() == nil)
        #expect(try await heard == ["queued"])
        guard !Farm.forbidsFunctions else { return }
        let cancelled = try await run(
            farm,
            """
            print(r.execute_command('FCALL', 'slipway_v1_cancel', 1, farm + 'intake', 'd1'))
            print(*r.hmget(farm + 'build:d1', 'state', 'failureCode'))
            """
        )
        #expect(cancelled == ["CANCELLED", "CANCELLED cancelled"])
    }
}

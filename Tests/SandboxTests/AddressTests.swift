import BuildModel
import Platform
import Testing

@testable import Sandbox

@Suite("Who is behind an address")
struct AddressTests {
    @Test(
        "addresses of networks that are not the internet are known",
        arguments: [
            ("8.8.8.8", NetworkAddress.Scope.global), ("172.15.0.1", .global), ("172.32.0.1", .global),
            ("11.0.0.1", .global),
            ("10.1.2.3", .local), ("127.0.0.1", .local), ("172.16.0.1", .local), ("172.31.255.255", .local),
            ("192.168.1.1", .local), ("100.64.0.1", .local), ("100.127.255.255", .local), ("100.128.0.1", .global),
            ("169.254.169.254", .forbidden), ("0.0.0.0", .forbidden), ("224.0.0.1", .forbidden),
            ("255.255.255.255", .forbidden), ("192.0.2.1", .local), ("2606:4700::1", .global), ("::1", .local),
            ("::", .forbidden), ("fd12::1", .local), ("fd00:ec2::254", .forbidden), ("fe80::1", .forbidden),
            ("ff02::1", .forbidden), ("::ffff:10.0.0.1", .local), ("::ffff:169.254.169.254", .forbidden),
            ("::ffff:8.8.8.8", .global), ("2002:0a00:0001::1", .local), ("2002:a9fe:a9fe::1", .forbidden),
            ("64:ff9b::169.254.169.254", .forbidden), ("64:ff9b::8.8.8.8", .global),
            ("64:ff9b:1::8.8.8.8", .forbidden), ("64:ff9b:1:a9fe:a9:fe00:808:808", .forbidden),
            ("2001:db8::1", .forbidden),
            ("2001::1", .forbidden),
        ]
    )
    func scope(_ text: String, _ expected: NetworkAddress.Scope) throws {
        let address = try #require(NetworkAddress.resolve(text, port: 80).first)
        #expect(address.scope == expected, "\(address.text)")
    }

    @Test(
        "an entry stands for its host and port, a pattern for what is below it",
        arguments: [
            ("a.example:443", "a.example", 443, true), ("a.example:443", "a.example", 80, false),
            ("A.Example.:443", "a.example", 443, true), ("*.example:443", "a.example", 443, true),
            ("*.example:443", "example", 443, false), ("*.example:443", "badexample", 443, false),
            ("*:443", "anything", 443, true), ("*:*", "anything", 1, true), ("[::1]:80", "::1", 80, true),
        ] as [(String, String, UInt16, Bool)]
    )
    func destination(_ entry: String, _ host: String, _ port: UInt16, _ expected: Bool) throws {
        let destination = try #require(EgressPolicy.Destination(entry))
        #expect(destination.contains(host: host, port: port) == expected)
    }

    @Test("requests to a proxy are read, and what is between client and proxy is left out of what goes on")
    func request() throws {
        let head =
            "GET http://Example.org:8080/a/b?c HTTP/1.1\r\nHost: other\r\nProxy-Authorization: x\r\nAccept: */*\r\n\r\n"
        let request = try #require(ProxyRequest(Array(head.utf8)[...]))
        #expect(request.host == "example.org")
        #expect(request.port == 8080)
        let onward = "GET /a/b?c HTTP/1.1\r\nHost: Example.org:8080\r\nConnection: close\r\nAccept: */*\r\n\r\n"
        #expect(request.kind == .forward(head: Array(onward.utf8)))
        let tunnel = try #require(ProxyRequest(Array("CONNECT [2606:4700::1]:443 HTTP/1.1\r\n\r\n".utf8)[...]))
        #expect(tunnel.host == "2606:4700::1")
        #expect(tunnel.kind == .tunnel)
    }

    @Test("the groups of either version of the kernel's interface are found in its tables")
    func mounts() {
        let table = """
            29 23 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
            30 23 0:27 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
            31 23 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
            """
        let mounts = ControlGroupMount.all(table)
        #expect(
            mounts.map(\.path) == ["/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"]
        )
        #expect(mounts[0].controllers.isSuperset(of: ["cpu", "cpuacct"]))
        #expect(mounts.map(\.isUnified) == [false, false, true])
        #expect(
            ControlGroupMount.ownGroup("4:memory:/a\n0::/system.slice/slipway-worker.service\n")
                == "/system.slice/slipway-worker.service"
        )
    }

    @Test("subordinate ids are those of the user, by name or number, if they are enough for a step")
    func subordinate() {
        let table = "root:100000:65536\nbuilder:200000:1000\nbuilder:300000:131072\n1001:400000:65536\n"
        #expect(SubordinateIDs.range(of: ["0", "root"], in: table) == IdentityRange(start: 100000, count: 65536))
        #expect(
            SubordinateIDs.range(of: ["1000", "builder"], in: table) == IdentityRange(start: 300000, count: 131072)
        )
        #expect(SubordinateIDs.range(of: ["1001", "x"], in: table) == IdentityRange(start: 400000, count: 65536))
        #expect(SubordinateIDs.range(of: ["2000"], in: table) == nil)
    }

    @Test(
        "counters of both versions are read",
        arguments: [
            [
                "memory.max_usage_in_bytes": "67108864\n",
                "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", "pids.events": "max 3\n",
                "cpuacct.usage": "1500000\n",
            ],
            [
                "memory.peak": "67108864\n", "memory.events": "low 0\nmax 9\noom 1\noom_kill 2\n",
                "pids.events": "max 3\n", "cpu.stat": "usage_usec 1500\nuser_usec 1\n",
            ],
        ]
    )
    func counters(_ files: [String: String]) {
        var counters = StepCounters()
        for (file, text) in files { counters.add(file: "/sys/fs/cgroup/x/\(file)", text: text) }
        #expect(
            counters
                == StepCounters(
                    peakMemoryBytes: 67_108_864,
                    memoryKills: 2,
                    processRefusals: 3,
                    processorNanoseconds: 1_500_000
                )
        )
    }
}

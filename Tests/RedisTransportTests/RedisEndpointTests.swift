import BuildModel
import Platform
import RedisTransport
import Testing

@Suite("Redis URLs")
struct RedisEndpointTests {
    @Test(
        "are read",
        arguments: [
            ("redis://localhost", "redis://localhost:6379", nil),
            ("redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3", nil),
            ("redis://:secret@h:1", "redis://h:1", "secret"),
            ("redis://worker:s%40c%3Ar%25t@h:1/2", "redis://worker@h:1/2", "s@c:r%t"),
            ("redis://worker:a@b@h", "redis://worker@h:6379", "a@b"),
            ("redis://[::1]:6380/1", "redis://[::1]:6380/1", nil),
            ("redis://[::1]", "redis://[::1]:6379", nil),
            ("redis://worker@h/1", "redis://worker@h:6379/1", nil),
            ("rediss://worker:pw@h:6380", "rediss://worker@h:6380", "pw"),
            ("unix:///run/redis.sock", "unix:///run/redis.sock", nil),
            ("unix:///run/r@dis.sock?db=4", "unix:///run/r@dis.sock?db=4", nil),
            ("unix://:pw@/run/redis.sock", "unix:///run/redis.sock", "pw"),
        ] as [(String, String, String?)]
    )
    func parsed(url: String, shown: String, password: String?) throws {
        let endpoint = try RedisEndpoint(parsing: url)
        #expect(endpoint.description == shown)
        #expect(endpoint.password?.exposed == password)
    }

    @Test(
        "that are wrong say which part",
        arguments: [
            ("localhost:6379", "redis://"), ("redist://h", "redis://"), ("redis://", "no host"),
            ("redis://:6379", "no host"), ("redis://h:0", "port"), ("redis://h:65536", "port"),
            ("redis://h:x", "port"), ("redis://h/minus", "database"), ("redis://h/-1", "database"),
            ("redis://[::1:6379", "closing ]"), ("redis://@h", "user:password"), ("redis://u:@h", "empty"),
            ("redis://u:hunter2%zz@h", "hexadecimal"), ("unix://run/redis.sock", "absolute"),
            ("unix:///s?x=1", "db=NUMBER"), ("unix:///" + String(repeating: "a", count: 120), "107"),
        ]
    )
    func refused(url: String, part: String) {
        let failure = #expect(throws: BuildFailure.self) { try RedisEndpoint(parsing: url) }
        #expect(failure?.code == .invalidConfiguration)
        #expect(failure?.message.contains(part) == true)
        #expect(failure?.description.contains("hunter2") == false)
    }

    @Test("never show their password")
    func redaction() throws {
        let endpoint = try RedisEndpoint(parsing: "redis://u:hunter2@h")
        #expect(!"\(endpoint)\(String(reflecting: endpoint))".contains("hunter2"))
    }
}

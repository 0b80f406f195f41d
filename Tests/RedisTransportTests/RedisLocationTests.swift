import BuildModel
import Platform
import RedisTransport
import Testing

@Suite("URLs of Sentinels and clusters")
struct RedisLocationTests {
    @Test("name those who know the primary, and it")
    func sentinels() throws {
        let location = try RedisLocation(parsing: "redis-sentinel://worker:pw@s1,s2:7000,[::1]:7001/main/2")
        #expect(location.kind == .sentinels(primary: "main"))
        let addresses: [RedisEndpoint.Address] = [
            .tcp(host: "s1", port: 26379), .tcp(host: "s2", port: 7000), .tcp(host: "::1", port: 7001),
        ]
        #expect(location.addresses == addresses)
        #expect(location.endpoint.user == "worker")
        #expect(location.endpoint.password?.exposed == "pw")
        #expect(location.endpoint.database == 2)
        #expect(location.endpoint.tls == nil)
    }

    @Test("name nodes of a cluster, with TLS if they say so")
    func cluster() throws {
        let location = try RedisLocation(parsing: "rediss-cluster://a:1,b")
        #expect(location.kind == .cluster)
        #expect(location.addresses == [.tcp(host: "a", port: 1), .tcp(host: "b", port: 6379)])
        #expect(location.endpoint.tls != nil)
    }

    @Test("of single servers are as before")
    func single() throws {
        let location = try RedisLocation(parsing: "rediss://worker@h/3")
        #expect(location.kind == .server)
        #expect(location.endpoint.description == "rediss://worker@h:6379/3")
        #expect(location.endpoint.tls != nil)
    }

    @Test(
        "that are wrong say which part",
        arguments: [
            ("redis-sentinel://s1", "name of the primary"), ("redis-cluster://a/1", "only database 0"),
            ("redis-cluster://", "no host"), ("redis-cluster://a,,b", "no host"),
            ("redis-sentinel://s1/m/x", "database"), ("redis-sentinels://s1/m", "redis://"),
        ]
    )
    func refused(url: String, part: String) {
        let failure = #expect(throws: BuildFailure.self) { try RedisLocation(parsing: url) }
        #expect(failure?.code == .invalidConfiguration)
        #expect(failure?.message.contains(part) == true, "\(String(describing: failure))")
    }
}

import Platform

/// Three nodes of a Redis Cluster, a third of the slots each, without replicas.
package final class RedisCluster: Sendable {
    package let nodes: [RedisServer]

    /// - Parameter certificates: for a cluster that speaks TLS, among its nodes too.
    package init(certificates: TestCertificates? = nil) async throws {
        var nodes: [RedisServer] = []
        for _ in 0..<3 {
            let options = ["--cluster-enabled", "yes", "--cluster-port", String(Port.free())]
            let more = ["--cluster-node-timeout", "15000", "--tls-cluster", "yes"].prefix(certificates == nil ? 2 : 4)
            nodes.append(try await RedisServer(options: options + more, certificates: certificates))
        }
        self.nodes = nodes
        for (node, slots) in zip(nodes, [(0, 5460), (5461, 10922), (10923, 16383)]) {
            try await node.cli("CLUSTER", "ADDSLOTSRANGE", String(slots.0), String(slots.1))
        }
        for node in nodes.dropFirst() {
            let bus = try await node.cli("CONFIG", "GET", "cluster-port").last ?? ""
            try await nodes[0].cli("CLUSTER", "MEET", "127.0.0.1", String(Self.port(node)), bus)
        }
        for node in nodes {
            try await eventually("the cluster stands") {
                guard try await node.cli("CLUSTER", "NODES").count == 3 else { return false }
                return try await node.cli("CLUSTER", "INFO").contains { $0.hasPrefix("cluster_state:ok") }
            }
        }
    }

    package var url: String {
        let scheme = nodes.first?.securePort == nil ? "redis-cluster" : "rediss-cluster"
        return "\(scheme)://" + nodes.map { "127.0.0.1:\(Self.port($0))" }.joined(separator: ",")
    }

    /// Where other nodes and clients reach a node.
    private static func port(_ node: RedisServer) -> Int { node.securePort ?? node.port }

    /// The node that has the slot of `key`.
    package func owner(of key: String) async throws -> RedisServer {
        for node in nodes where try await Command.result(["redis-cli", "-p", "\(node.port)", "TYPE", key]).isPlain {
            return node
        }
        throw CommandFailed(description: "nobody has the slot of \(key)")
    }

    package func id(of node: RedisServer) async throws -> String {
        try await node.cli("CLUSTER", "MYID").first ?? ""
    }

    /// Moves the slot of `key` to another node key by key, as `redis-cli --cluster reshard` does.
    ///
    /// - Parameter midway: called when half of the keys have gone.
    package func move(
        _ key: String,
        to target: RedisServer,
        midway: () async throws -> Void = {}
    ) async throws {
        let source = try await owner(of: key)
        let slot = try await source.cli("CLUSTER", "KEYSLOT", key).first ?? ""
        let (sourceID, targetID) = (try await id(of: source), try await id(of: target))
        try await target.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", sourceID)
        try await source.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", targetID)
        let keys = try await source.cli("CLUSTER", "GETKEYSINSLOT", slot, "10000").filter { !$0.isEmpty }
        for (index, name) in keys.enumerated() {
            if index == keys.count / 2 { try await midway() }
            try await source.cli("MIGRATE", "127.0.0.1", String(Self.port(target)), name, "0", "5000")
        }
        while let name = try await source.cli("CLUSTER", "GETKEYSINSLOT", slot, "1").first, !name.isEmpty {
            try await source.cli("MIGRATE", "127.0.0.1", String(Self.port(target)), name, "0", "5000")
        }
        for node in [target, source] + nodes.filter({ $0 !== target && $0 !== source }) {
            try await node.cli("CLUSTER", "SETSLOT", slot, "NODE", targetID)
        }
    }
}

extension CommandResult {
    /// Whether redis-cli printed something else than an error reply.
    fileprivate var isPlain: Bool { succeeded && !text.hasPrefix("MOVED") && !text.hasPrefix("(error)") }
}

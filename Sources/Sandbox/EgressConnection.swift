internal import BuildModel
internal import Platform

/// One connection of a step to its proxy.
struct EgressConnection: Sendable {
    private let client: AsyncSocket
    private let proxy: EgressProxy

    private static let headLimit = Duration.seconds(30)
    private static let connectLimit = Duration.seconds(20)

    /// Why a request is answered with an error of the proxy's own.
    private struct Refusal: Error {
        var status: String
        var reason: String
    }

    init(_ client: AsyncSocket, proxy: EgressProxy) {
        self.client = client
        self.proxy = proxy
    }

    /// Reads one request, and passes bytes until both sides have ended.
    func serve() async {
        await withTaskCancellationHandler {
            do {
                let (request, rest) = try await readRequest()
                let destination = "\(request.host):\(request.port)"
                let server = try await connect(request, destination)
                switch request.kind {
                case .tunnel: try await client.write(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8))
                case .forward(let head): try await server.write(head)
                }
                try await server.write(rest)
                await EgressRelay(client, server, record: proxy.record, destination: destination).run()
            } catch let refusal as Refusal {
                await answer(refusal)
            } catch {
                // The step or the server ended the connection, which is theirs to do.
            }
        } onCancel: {
            client.shutDown()
        }
    }

    /// - Returns: the request, and what came behind its head.
    private func readRequest() async throws -> (ProxyRequest, [UInt8]) {
        let client = client
        let late = BuildFailure.timedOut(operation: "sandbox.proxy", message: "No request came.")
        return try await withDeadline(Self.headLimit, failure: late) {
            var bytes: [UInt8] = []
            while true {
                let more = try await withTaskCancellationHandler {
                    try await client.read()
                } onCancel: {
                    client.shutDown()
                }
                // A head's end may begin in what was there before.
                let looked = max(0, bytes.count - 3)
                bytes += more
                guard !more.isEmpty, bytes.count <= ProxyRequest.limit else {
                    throw Refusal(status: "400 Bad Request", reason: "no request to a proxy")
                }
                guard let end = bytes.endOfHead(from: looked) else { continue }
                guard let request = ProxyRequest(bytes[..<end]) else {
                    throw Refusal(status: "400 Bad Request", reason: "no request to a proxy")
                }
                return (request, Array(bytes[end...]))
            }
        }
    }

    private func connect(_ request: ProxyRequest, _ destination: String) async throws -> AsyncSocket {
        let (host, port, policy) = (request.host, request.port, proxy.policy)
        guard policy.allows(host: host, port: port) else {
            throw refusal(destination, "neither the step's plan nor steps.hosts names it")
        }
        let addresses = try await addresses(of: host, port: port)
        guard !addresses.isEmpty else { throw Refusal(status: "502 Bad Gateway", reason: "\(host) has no address") }
        let usable = addresses.filter { policy.allows($0, host: host, port: port) }
        guard !usable.isEmpty else {
            throw refusal(
                destination,
                "its address \(addresses[0].text) is \(addresses[0].isOwn ? "this node's own" : "not one of the internet"), and "
                    + "steps.hosts does not name it"
            )
        }
        proxy.record.allow(destination)
        for address in usable.prefix(4) {
            let late = BuildFailure.timedOut(operation: "sandbox.proxy", message: "\(destination) does not answer.")
            let socket = try? await withDeadline(Self.connectLimit, failure: late) {
                try await AsyncSocket.connect(address)
            }
            if let socket { return socket }
            try Task.checkCancellation()
        }
        throw Refusal(status: "502 Bad Gateway", reason: "\(destination) cannot be reached")
    }

    private func addresses(of host: String, port: UInt16) async throws -> [NetworkAddress] {
        do {
            return try await proxy.names.addresses(of: host, port: port)
        } catch let failure as BuildFailure where failure.fault == .timedOut {
            throw Refusal(status: "504 Gateway Timeout", reason: failure.message)
        }
    }

    private func refusal(_ destination: String, _ reason: String) -> Refusal {
        proxy.record.refuse(destination, reason)
        return Refusal(status: "403 Forbidden", reason: "\(destination) is not allowed: \(reason)")
    }

    private func answer(_ refusal: Refusal) async {
        let body = "slipway: \(refusal.reason)\n"
        let head = "HTTP/1.1 \(refusal.status)\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n"
        try? await client.write(Array("\(head)Connection: close\r\n\r\n\(body)".utf8))
        client.endWriting()
    }
}

extension [UInt8] {
    /// The index behind the first empty line that ends the head of an HTTP message at or behind `start`.
    fileprivate func endOfHead(from start: Int) -> Int? {
        guard count >= start + 4 else { return nil }
        for index in (start + 3)..<count
        where self[index] == 10 && self[index - 1] == 13 && self[index - 2] == 10 && self[index - 3] == 13 {
            return index + 1
        }
        return nil
    }
}

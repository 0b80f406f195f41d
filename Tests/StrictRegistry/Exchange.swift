internal import BuildModel
internal import Glibc
internal import TestSupport

/// One request, taken apart, with its fault.
struct Exchange {
    let request: ServedRequest
    let fault: Fault?
    /// Whether it came to the other origin, whose URLs are the right to use them.
    let isElsewhere: Bool
    var warns = false
    /// Whether other statuses of success are answered than the spec names.
    var isLoose = false
    let path: String
    /// As they are written, decoded.
    let parameters: [(name: String, value: String)]

    init(_ request: ServedRequest, fault: Fault?, isElsewhere: Bool = false) {
        self.request = request
        self.fault = fault
        self.isElsewhere = isElsewhere
        path = String(request.target.prefix { $0 != "?" })
        parameters = Self.pairs(String(request.target.drop { $0 != "?" }.dropFirst()))
    }

    var method: String { request.method }
    var contentLength: Int? { request.headers["content-length"].flatMap { Int($0) } }

    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    static func pairs(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                decode(String($0))
            }
            return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        }
    }

    private static func decode(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Does what a fault does instead of the request; false if the request is to be done.
    func isDoneByFault() -> Bool {
        switch fault {
        case .reset(let count):
            _ = request.read(count)
            request.reset()
        case .stall: request.waitForClose()
        case .tooManyRequests(let seconds):
            let headers = seconds.map { ["Retry-After": "\($0)"] } ?? [:]
            request.respond(429, headers, body: #"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#)
        case .serverError:
            request.respond(500, body: #"{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}"#)
        case .tooLarge:
            request.respond(413, ["Content-Type": "text/html"], body: "<html><h1>413 Too Large</h1></html>")
        case .badGateway:
            request.respond(502, ["Content-Type": "text/html"], body: "<html><h1>502 Bad Gateway</h1></html>")
        case .truncatedJSON: request.respond(503, body: #"{"errors":[{"code":"UNAVAI"#)
        default: return false
        }
        return true
    }

    /// Answers, as the fault lets it.
    func answer(_ status: Int, _ headers: [String: String] = [:], body: [UInt8] = []) {
        let status = isLoose ? loose(status) : status
        var headers = headers
        if warns { headers["Warning"] = "299 - \"this registry will move\"" }
        switch fault {
        case .lostAnswer: return request.hangUp()
        case .slow: usleep(300_000)
        case .wrongDigest where (200...299).contains(status):
            headers["Docker-Content-Digest"] = "sha256:" + String(repeating: "0", count: 64)
        default: break
        }
        var head = "HTTP/1.1 \(status) Status\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let surplus = fault == .wrongLength ? 10 : 0
        if headers["Content-Length"] == nil, status != 204 || surplus > 0 {
            head += "Content-Length: \(body.count + surplus)\r\n"
        }
        if fault == .halfAnswer {
            request.send(Array((head + "\r\n").utf8) + body.prefix(body.count / 2))
            return request.hangUp()
        }
        request.send(Array((head + "\r\n").utf8) + (method == "HEAD" ? [] : body))
        if surplus > 0 { request.hangUp() }
    }

    private func loose(_ status: Int) -> Int {
        switch (method, status) {
        case ("POST", 202): 200
        case ("PATCH", 202): 204
        case ("PUT", 201): 200
        default: status
        }
    }

    /// An error as the spec writes it; what is left of the body is read first, so that the connection can go on.
    func error(
        _ status: Int,
        _ code: String,
        _ message: String,
        detail: JSONValue = nil,
        _ headers: [String: String] = [:]
    ) {
        _ = request.readBody()
        let error: JSONValue = ["code": .string(code), "message": .string(message), "detail": detail]
        var headers = headers
        headers["Content-Type"] = "application/json"
        answer(status, headers, body: JSONValue.object(["errors": [error]]).canonicalBytes)
    }
}

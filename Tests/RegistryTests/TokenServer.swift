import BuildModel
import Documents
import Platform
import TestSupport

/// A token server for docker-registry: distribution's token specification, "Token Authentication Implementation". It signs with the
/// key of a certificate whose authority the registry trusts.
final class TokenServer: Sendable {
    let port: Int
    private let usesTLS: Bool
    private let log: String
    private let scratch: Scratch
    private let process: ServerProcess

    /// What the registry has to be told of it.
    static let (service, issuer) = ("the registry", "slipway test")

    /// - Parameters:
    ///   - life: seconds after which the registry does not take a token any more. The answer says 60.
    ///   - tls: whether it speaks https, with the certificate that it signs with.
    init(
        _ certificates: TestCertificates,
        user: (name: String, password: String),
        life: Int = 60,
        tls: Bool = false
    ) async throws {
        scratch = try Scratch()
        port = Port.free()
        usesTLS = tls
        log = scratch("log")
        let words = [
            "python3", try scratch.write(Self.program, to: "tokens.py"), "\(port)", certificates.serverCertificate,
            certificates.serverKey, "\(user.name):\(user.password)", "\(life)", Self.service, Self.issuer,
            tls ? "tls" : "plain",
        ]
        process = try await ServerProcess(["/usr/bin/env"] + words, log: log)
        let port = port
        try await eventually("the token server listens") { Port.accepts(port) }
    }

    var realm: String { "\(usesTLS ? "https" : "http")://127.0.0.1:\(port)/token" }
    /// What was asked, a line each: `GET /token?...`.
    var requests: [String] {
        process.log.split(separator: "\n").map(String.init).filter { $0.hasPrefix("GET ") || $0.hasPrefix("POST ") }
    }

    /// Gets a token for `team/app`, and waits until the registry does not take it any more.
    ///
    /// - Parameter url: of the registry, for what takes that token.
    func waitUntilOver(at url: String, _ user: (name: String, password: String)) async throws {
        let login = ["curl", "-sf", "-u", "\(user.name):\(user.password)", "-G", realm]
        let fields = ["service=\(Self.service)", "scope=repository:team/app:pull"].flatMap { ["--data-urlencode", $0] }
        let answer = try JSONDocument.parse(try await Command.output(login + fields).text)
        let token = answer["token"]?.string ?? answer["access_token"]?.string ?? ""
        func status() async throws -> String {
            let ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]
            return try await Command.output(ask + ["-H", "Authorization: Bearer \(token)", url]).text
        }
        try await eventually("the token has ended") { try await status() == "401" }
    }

    // The registry allows clocks that differ by a minute: a token that is to end sooner says that it has ended already.
    private static let program = """
        import base64, json, ssl, subprocess, sys, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import parse_qs, urlsplit

        port, certificate, key, user, life, service, issuer, scheme = sys.argv[1:]
        body = "".join(line for line in open(certificate).read().split("\\n") if line and not line.startswith("-"))

        def encoded(content):
            return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

        def signature(text):
            words = ["openssl", "dgst", "-sha256", "-sign", key]
            der = subprocess.run(words, input=text.encode(), capture_output=True, check=True).stdout
            numbers, at = b"", 2
            for _ in range(2):
                length = der[at + 1]
                numbers += der[at + 2:at + 2 + length].lstrip(b"\\0").rjust(32, b"\\0")
                at += 2 + length
            return numbers

        def token(scopes):
            end = int(time.time()) + int(life) - 60
            access = [dict(zip(("type", "name", "actions"), scope.split(":", 2))) for scope in scopes]
            for entry in access:
                entry["actions"] = entry["actions"].split(",")
            header = {"typ": "JWT", "alg": "ES256", "x5c": [body]}
            claims = {"iss": issuer, "sub": user, "aud": service, "exp": end, "nbf": end - 600, "iat": end - 600,
                      "jti": str(time.time_ns()), "access": access}
            text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
            return f"{text}.{encoded(signature(text))}"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                print(self.command, self.path, flush=True)
                known = "Basic " + base64.b64encode(user.encode()).decode()
                status, answer = 401, {"errors": [{"code": "UNAUTHORIZED", "message": "who are you?"}]}
                if self.headers["Authorization"] == known:
                    scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
                    status, answer = 200, {"token": token(scopes), "expires_in": 60}
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
        if scheme == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
        """
}

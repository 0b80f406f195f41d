import BuildModel
import HTTPTransport
import Platform
import TestSupport
import Testing

@testable import Registry

@Suite("Where a registry is, and by which name its credentials are kept")
struct AddressTests {
    @Test(
        "without TLS only where it is this machine, or said so",
        arguments: [
            ("registry.example", "https://registry.example"),
            ("registry.example:5000", "https://registry.example:5000"),
            ("localhost", "http://localhost"), ("localhost:5000", "http://localhost:5000"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000"), ("[::1]:5000", "http://[::1]:5000"), ("[::1]", "http://[::1]"),
            ("10.0.0.1:5000", "https://10.0.0.1:5000"), ("localhost.example", "https://localhost.example"),
            ("[2001:db8::1]:443", "https://[2001:db8::1]:443"), ("docker.io", "https://registry-1.docker.io"),
            ("plain.example:80", "http://plain.example:80"), ("127.0.0.2:5000", "https://127.0.0.2:5000"),
        ]
    )
    func base(host: String, url: String) throws {
        var settings = RegistrySettings()
        settings.plainHTTP = ["plain.example:80"]
        settings.certificateAuthorityFiles["127.0.0.2:5000"] = "/ca.pem"
        let base = try settings.base(of: host)
        #expect("\(base.scheme)://\(base.authority)" == url)
    }

    @Test("a host that is none is refused", arguments: ["", "a b", "host/path", "host:port", "user@host", "[::1"])
    func invalid(host: String) {
        let failure = #expect(throws: BuildFailure.self) { try RegistrySettings().base(of: host) }
        #expect(failure?.code == .invalidConfiguration)
    }

    @Test(
        "Docker Hub's credentials are found by each of its names, and by no other",
        arguments: [
            ("https://index.docker.io/v1/", true), ("index.docker.io", true), ("docker.io", true),
            ("registry-1.docker.io", true), ("https://index.docker.io/v2/", true), ("hub.docker.com", false),
            ("docker.io.example", false),
        ]
    )
    func hub(key: String, isFound: Bool) throws {
        let scratch = try Scratch()
        let auth = Base64.encode(Array("user:pass".utf8))
        let path = try scratch.write(
            #"{"auths":{"\#(key)":{"auth":"\#(auth)"}},"credHelpers":{"\#(key)":"own"}}"#,
            to: "config.json"
        )
        let file = try #require(try CredentialFile(path: path))
        let image = try ImageReference(parsing: "python:3")
        let repository = try RegistrySettings().repository(of: image)
        #expect(repository.name == "library/python")
        #expect(try file.identity(for: repository)?.username == (isFound ? "user" : nil))
        if isFound, !key.hasSuffix("/v2/") { #expect(file.helpers(for: repository.registry).map(\.helper) == ["own"]) }
    }
}

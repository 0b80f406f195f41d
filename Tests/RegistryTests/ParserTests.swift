import BuildModel
import HTTPTransport
import Testing

@testable import Registry

@Suite("What registries put into headers")
struct ParserTests {
    @Test(
        "challenges are read as RFC 9110 has them",
        arguments: [
            (
                #"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#,
                [
                    Challenge(
                        scheme: "bearer",
                        parameters: [
                            "realm": "https://auth.example/token", "service": "registry.example",
                            "scope": "repository:a/b:pull,push",
                        ]
                    )
                ]
            ),
            (
                #"Basic realm="a \"quoted\" \\ name""#,
                [Challenge(scheme: "basic", parameters: ["realm": #"a "quoted" \ name"#])]
            ),
            (
                #"Negotiate, NTLM abc==, BASIC Realm = x , bearer realm="y""#,
                [
                    Challenge(scheme: "negotiate", parameters: [:]), Challenge(scheme: "ntlm", parameters: [:]),
                    Challenge(scheme: "basic", parameters: ["realm": "x"]),
                    Challenge(scheme: "bearer", parameters: ["realm": "y"]),
                ]
            ),
            (
                #"Negotiate a/b+c=, Basic realm=x"#,
                [
                    Challenge(scheme: "negotiate", parameters: [:]),
                    Challenge(scheme: "basic", parameters: ["realm": "x"]),
                ]
            ),
            ("", []), (",,, ,", []), (#""stray" Basic"#, []), (#"realm="no scheme""#, []),
            (
                #"Bearer realm="never ends, scope=x"#,
                [Challenge(scheme: "bearer", parameters: ["realm": "never ends, scope=x"])]
            ),
            (#"Bearer realm="\"#, [Challenge(scheme: "bearer", parameters: ["realm": "\\"])]),
            ("Bearer =x", []),
        ]
    )
    func challenges(field: String, expected: [Challenge]) {
        #expect(Challenge.parse(field) == expected)
    }

    @Test("a hostile number of challenges ends")
    func manyChallenges() {
        #expect(Challenge.parse(String(repeating: "a b=c,", count: 50_000)).count <= 32)
        #expect(Challenge.parse(String(repeating: "\\\"=,", count: 50_000)).isEmpty)
    }

    @Test("Bearer is preferred to Basic, wherever it stands")
    func preference() {
        let fields = ["Basic realm=x", "Digest nonce=1, Bearer realm=\"https://t\""]
        #expect(Challenge.preferred(fields)?.scheme == "bearer")
        #expect(Challenge.preferred(["Basic realm=x"])?.scheme == "basic")
        #expect(Challenge.preferred(["Digest nonce=1", "Bearer service=x"]) == nil)
    }

    @Test(
        "a Location is resolved and its query kept byte for byte",
        arguments: [
            ("/v2/a/blobs/uploads/1?_state=x%2Fy%3D", "https://host/v2/a/blobs/uploads/1?_state=x%2Fy%3D"),
            ("https://cdn.example/u?sig=a%2Bb&x", "https://cdn.example/u?sig=a%2Bb&x"),
            ("//cdn.example/u", "https://cdn.example/u"),
            ("1?x=y", "https://host/v2/a/1?x=y"),
            ("?x=y", "https://host/v2/a/b?x=y"),
            ("https://host:8443/u", "https://host:8443/u"),
        ]
    )
    func locations(location: String, expected: String) throws {
        let base = try HTTPURL(parsing: "https://host/v2/a/b?q=1")
        #expect(try UploadLocation.resolve(location, against: base).text == expected)
    }

    @Test(
        "a Location that leads astray is refused",
        arguments: [
            nil, "", "http://host/v2/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest",
            "https://10.1.2.3/",
            "https://192.168.0.1/", "https://172.16.0.1/", "https://[fe80::1]/", "https://localhost/",
            "https://[0:0:0:0:0:0:0:1]/", "https://[0::1]/", "https://[0:0:0:0:0:ffff:7f00:1]/",
            "https://[0::ffff:169.254.169.254]/", "https://[FE80:0::1]/", "https://[fdff:0:0:0:0:0:0:1]/",
            "https://[febf::1]/",
            "file:///etc/passwd",
            "https://user:secret@other.example/", "https://other.example/\u{0}", "https://", "https://other.example/#x",
        ]
    )
    func hostileLocations(location: String?) throws {
        let base = try HTTPURL(parsing: "https://host/v2/a/b")
        let failure = #expect(throws: BuildFailure.self) { try UploadLocation.resolve(location, against: base) }
        #expect(failure?.code == .protocolViolation)
        #expect(failure?.description.contains("secret") == false)
    }

    @Test(
        "a token server may be inside where the registry's neighbours are, but not on this machine or out of TLS",
        arguments: [
            ("https://10.1.2.3/token", false, true), ("https://auth.example/token", false, true),
            ("https://host:8443/token", false, true), ("http://auth.example/token", false, false),
            ("http://auth.example/token", true, true), ("https://127.0.0.1/token", true, false),
            ("https://[::1]/token", false, false), ("https://169.254.169.254/token", false, false),
            ("https://[fe80::1]/token", false, false), ("https://localhost/token", false, false),
            ("https://[0:0:0:0:0:0:0:1]/token", false, false), ("https://[0::ffff:a9fe:a9fe]/token", false, false),
            ("https://[fd00::1]/token", false, true), ("https://[2606:4700::1]/token", false, true),
            ("https://2130706433/token", false, false), ("https://user:secret@auth.example/", false, false),
        ]
    )
    func realms(realm: String, allowsPlain: Bool, isAllowed: Bool) throws {
        let base = try HTTPURL(parsing: "https://host/")
        let found = try? UploadLocation.realm(realm, of: base, allowsPlain: allowsPlain)
        #expect(found?.text == (isAllowed ? realm : nil))
        let local = try HTTPURL(parsing: "http://127.0.0.1:5000/")
        #expect(try UploadLocation.realm("http://127.0.0.1:5001/token", of: local, allowsPlain: false).port == 5001)
    }

    @Test(
        "addresses of the inside are known in every spelling",
        arguments: [
            "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "10.0.0.1", "172.31.255.255",
            "100.64.0.1",
            "0.0.0.0", "::", "::ffff:10.0.0.1", "fd00::1", "fe80::1", "localhost", "LOCALHOST.", "a.localhost",
            "64:ff9b::a00:1", "0064:ff9b::a00:1", "0:0:0:0:0:0:0:1", "0::1", "0000::0001", "0:0:0:0:0:ffff:7f00:1",
            "0::ffff:169.254.169.254", "fE80:0:0:0:0:0:0:1", "fec0::1", "fe80::1%eth0", "1::2::3", "::g",
        ]
    )
    func internalHosts(name: String) {
        #expect(Host(name).isInternal)
    }

    @Test(
        "other hosts are not taken for inside",
        arguments: [
            "registry.example", "8.8.8.8", "172.32.0.1", "2606:4700::1", "2606:4700:0:0:0:0:0:1", "127.0.0.1.example",
            "10.example",
        ]
    )
    func otherHosts(name: String) {
        #expect(!Host(name).isInternal)
        #expect(!Host(name).isLoopback)
    }

    @Test("the digest is added to whatever query there is")
    func closing() throws {
        let digest = try Digest(parsing: "sha256:" + String(repeating: "a", count: 64))
        let plain = try UploadLocation.closing(HTTPURL(parsing: "http://h/u"), digest: digest)
        let signed = try UploadLocation.closing(HTTPURL(parsing: "http://h/u?_s=%3d"), digest: digest)
        #expect(plain.text == "http://h/u?digest=sha256%3A\(digest.hex)")
        #expect(signed.text == "http://h/u?_s=%3d&digest=sha256%3A\(digest.hex)")
    }

    @Test(
        "Retry-After is read as seconds or a date, and bounded",
        arguments: [
            ("7", 7.0), ("0", 0), ("-5", 0), ("99999999", 300), ("Sun, 06 Nov 1994 08:49:37 GMT", 37),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("Tue, 29 Feb 2000 00:00:00 GMT", 300), ("soon", nil), ("", nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", nil),
        ] as [(String, Double?)]
    )
    func retryAfter(value: String, seconds: Double?) {
        let response = HTTPResponse(status: 429, headers: ["Retry-After": value], url: "http://h/")
        #expect(Retry.asked(by: response, now: 784_111_740) == seconds.map { .seconds($0) })
    }

    @Test("waits grow, stay random and bounded")
    func delays() {
        let first = Duration.milliseconds(500)
        for attempt in 1...40 { #expect((.zero ... .seconds(30)).contains(Retry.delay(after: attempt, first: first))) }
        #expect((0..<50).allSatisfy { _ in Retry.delay(after: 1, first: first) <= .milliseconds(500) })
    }

    @Test("a registry's words are shown without control characters, and web pages not at all")
    func errorWords() {
        let body = #"{"errors":[{"code":"DENIED","message":"no\u001b[31m \n way","detail":{"a":1}}]}"#
        #expect(RegistryError.read(Array(body.utf8)).map(\.description) == [#"DENIED: no [31m way ({"a":1})"#])
        #expect(RegistryError.read(Array("<html>".utf8)).isEmpty)
        #expect(RegistryError.plainText(Array("<html>413</html>".utf8)) == nil)
        #expect(RegistryError.plainText(Array("too\r\nlarge".utf8)) == "too large")
    }
}

import BuildModel
import HTTPTransport
import Testing

@Suite("URLs and headers that are refused")
struct HTTPURLTests {
    @Test(
        "a URL is taken apart and otherwise kept byte for byte",
        arguments: [
            ("http://example.org", "example.org", "/"),
            ("HTTPS://Example.ORG:8443/a//b/../c%2f?x=%41&y", "example.org:8443", "/a//b/../c%2f?x=%41&y"),
            ("http://[::1]:5000/v2/", "[::1]:5000", "/v2/"),
            ("http://127.0.0.1?q", "127.0.0.1", "/?q"),
        ]
    )
    func valid(text: String, authority: String, target: String) throws {
        let url = try HTTPURL(parsing: text)
        #expect(url.authority == authority)
        #expect(url.target == target)
    }

    @Test(
        "a URL that could mislead is refused",
        arguments: [
            "", "http", "http://", "//host/path", "ftp://host/", "file:///etc/passwd", "http://user:secret@host/",
            "http://host:0/",
            "http://host:99999/", "http://host:/", "http://host:80x/", "http://ho st/", "http://host/\r\nX: y",
            "http://host/#f",
            "http://[::1/", "http://[::g]/", "http://höst/", "http://host\\@other/", "http://a%00b/", "http://:80/",
        ]
    )
    func invalid(text: String) throws {
        let failure = #expect(throws: BuildFailure.self) { try HTTPURL(parsing: text) }
        #expect(failure?.code == .invalidURL)
        #expect(failure?.message.contains("secret") == false)
    }

    @Test("printing headers shows no credentials")
    func description() {
        let headers: HTTPHeaders = ["Authorization": "Basic c2VjcmV0", "cookie": "c2VjcmV0", "Accept": "text/plain"]
        let request = HTTPRequest(.get, "http://host/", headers: headers)
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(headers)", "\(request)", String(reflecting: request), dumped] {
            #expect(!text.contains("c2VjcmV0"))
            #expect(text.contains("text/plain"))
        }
    }

    @Test("the same origin is the same scheme, host and port")
    func origin() throws {
        let url = try HTTPURL(parsing: "https://host/a")
        #expect(url.hasSameOrigin(as: try HTTPURL(parsing: "https://HOST:443/b?c")))
        for other in ["http://host/a", "https://host:8443/a", "https://host.other/a"] {
            #expect(!url.hasSameOrigin(as: try HTTPURL(parsing: other)))
        }
    }

    @Test(
        "a header that could break out of its line is refused without showing its value",
        arguments: [
            ("X", "a\r\nY: b"), ("X", "secret\n"), ("X\r\nY", "b"), ("X: y", "b"), ("", "b"), ("X", "\u{0}"),
            ("X;", "b"),
        ]
    )
    func headers(name: String, value: String) async throws {
        let client = HTTPClient(label: "http.test")
        let request = HTTPRequest(.get, "http://127.0.0.1:1/", headers: [name: value])
        let failure = try await #require(throws: BuildFailure.self) { try await client.execute(request) }
        #expect(failure.code.rawValue == "invalid_header")
        #expect(!failure.description.contains("secret"))
    }
}

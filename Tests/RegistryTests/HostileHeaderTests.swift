import BuildModel
import HTTPTransport
import Testing

@testable import Registry

@Suite("Hostile headers")
struct HostileHeaderTests {
    private static let pieces = [
        "Bearer ", "basic", "realm", "=", "\"", "\\", ",", " ", "\t", ";", "<", ">", "rel", "next", "bytes", "-", "/",
        "*",
        "0", "9223372036854775807", "99999999999999999999", "http://", "https://", "//", "[", "]", ":", "@", "?", "#",
        "%",
        "%zz", "..", "\u{0}", "\u{7f}", "é", "\u{202e}", "127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]",
        "[0::ffff:10.0.0.1]", "2130706433", "host", "_state", "&",
        "{}",
    ]

    /// The same texts in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    @Test("10,000 texts are read as each header without a crash, and none leads to an internal address or out of TLS")
    func tenThousand() throws {
        let base = try HTTPURL(parsing: "https://registry.example/v2/app/blobs/uploads/")
        var generator = Generator(state: 5)
        for _ in 0..<10_000 {
            let count = Int.random(in: 0...24, using: &generator)
            let text = (0..<count).compactMap { _ in Self.pieces.randomElement(using: &generator) }.joined()
            for challenge in Challenge.parse(text) { #expect(!challenge.scheme.isEmpty) }
            _ = Challenge.preferred([text, text])
            if let end = ByteRange.end(text) { #expect(end >= 0) }
            if let range = ByteRange.content(text) { #expect(range.start >= 0) }
            if let next = try? LinkHeader.next([text], from: base) { #expect(next.hasSameOrigin(as: base)) }
            if let realm = try? UploadLocation.realm(text, of: base, allowsPlain: false) {
                #expect(realm.scheme == "https" && (realm.host == base.host || !Host(realm.host).isNearby))
            }
            guard let url = try? UploadLocation.resolve(text, against: base) else { continue }
            #expect(url.scheme == "https")
            #expect(url.host == base.host || !Host(url.host).isInternal)
        }
    }

    @Test(
        "ranges are read strictly",
        arguments: [
            ("0-0", 0), ("0-99", 99), ("bytes=0-5", 5), ("1-5", nil), ("0--5", nil), ("-5", nil), ("0-", nil),
            ("", nil),
            ("0-9223372036854775807", nil), ("0-99999999999999999999", nil), ("0-+5", nil),
        ] as [(String, Int64?)]
    )
    func ranges(text: String, end: Int64?) {
        #expect(ByteRange.end(text) == end)
    }

    @Test(
        "the next page of a list is found, on the same origin alone",
        arguments: [
            ("</v2/app/referrers/x?n=2>; rel=\"next\"", "https://registry.example/v2/app/referrers/x?n=2"),
            ("<?n=2>; rel=next", "https://registry.example/v2/app/blobs/uploads/?n=2"),
            ("</a>; rel=prev, </b>; rel=\"next\"", "https://registry.example/b"),
            ("</b>; rel=prev", nil), ("</b", nil), ("", nil),
        ] as [(String, String?)]
    )
    func links(text: String, url: String?) throws {
        let base = try HTTPURL(parsing: "https://registry.example/v2/app/blobs/uploads/")
        #expect(try LinkHeader.next([text], from: base)?.text == url)
    }

    @Test(
        "a next page that is not gone to is no end of the list",
        arguments: [
            "https://other.example/b", "https://registry.example:8443/b", "http://registry.example/b",
            "https://[::1]/b", "",
        ]
    )
    func astray(target: String) throws {
        let base = try HTTPURL(parsing: "https://registry.example/v2/app/referrers/x")
        #expect(throws: BuildFailure.self) { try LinkHeader.next(["<\(target)>; rel=next"], from: base) }
    }

    @Test("a next page that a registry behind a proxy names without TLS is asked for with it")
    func hiddenTLS() throws {
        let base = try HTTPURL(parsing: "https://registry.example/v2/app/referrers/x")
        let next = try LinkHeader.next(["<http://registry.example/b>; rel=next"], from: base, hidesTLS: true)
        #expect(next?.text == "https://registry.example/b")
    }
}

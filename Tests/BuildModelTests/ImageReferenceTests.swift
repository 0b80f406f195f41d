import BuildModel
import Testing

@Suite("An image reference")
struct ImageReferenceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var registry: String
        var repository: String
        var tag: String?
        var testDescription: String { text }
    }

    @Test(
        "splits into registry, repository and tag",
        arguments: [
            Case(text: "python", registry: "docker.io", repository: "library/python", tag: nil),
            Case(text: "python:3.13.5-slim", registry: "docker.io", repository: "library/python", tag: "3.13.5-slim"),
            Case(text: "team/app:1", registry: "docker.io", repository: "team/app", tag: "1"),
            Case(text: "docker.io/python:3", registry: "docker.io", repository: "library/python", tag: "3"),
            Case(text: "index.docker.io/team/app", registry: "docker.io", repository: "team/app", tag: nil),
            Case(text: "registry-1.docker.io/python", registry: "docker.io", repository: "library/python", tag: nil),
            Case(text: "docker.io/library/node:20", registry: "docker.io", repository: "library/node", tag: "20"),
            Case(text: "localhost/app", registry: "localhost", repository: "app", tag: nil),
            Case(text: "127.0.0.1:5000/a/b-c_d.e:t", registry: "127.0.0.1:5000", repository: "a/b-c_d.e", tag: "t"),
            Case(text: "[::1]:5000/a:T_1", registry: "[::1]:5000", repository: "a", tag: "T_1"),
            Case(text: "r.example.org/x__y/z--z", registry: "r.example.org", repository: "x__y/z--z", tag: nil),
        ]
    )
    func parts(expected: Case) throws {
        let reference = try ImageReference(parsing: expected.text)
        #expect(reference.registry == expected.registry)
        #expect(reference.repository == expected.repository)
        #expect(reference.tag == expected.tag)
    }

    @Test(
        "refuses what a registry would refuse, showing it",
        arguments: [
            "", "UPPER", "a//b", "/a", "a/", "-a", "a-", "a..b", "a___b", "a:", "a:-t", "a b", "a:t@sha256:12",
            "host:5000/",
            "a:" + String(repeating: "x", count: 129), "r.example.org/" + String(repeating: "x", count: 255),
        ]
    )
    func refusal(text: String) {
        #expect(throws: BuildFailure.self) { try ImageReference(parsing: text) }
    }

    @Test("with tag and digest is written in full and pinned by digest alone")
    func pinning() throws {
        let digest = try Digest(parsing: "sha256:" + String(repeating: "ab", count: 32))
        let reference = try ImageReference(parsing: "127.0.0.1:5000/p/a:t@\(digest)")
        #expect(reference.description == "127.0.0.1:5000/p/a:t@\(digest)")
        #expect(reference.pinned(to: digest).description == "127.0.0.1:5000/p/a@\(digest)")
    }
}

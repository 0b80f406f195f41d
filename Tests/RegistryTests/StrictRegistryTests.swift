import BuildModel
import Documents
import HTTPTransport
import Platform
import StrictRegistry
import TestSupport
import Testing

/// The strict registry against the letter of the distribution spec, by plain requests: what it lets pass, a client may do.
@Suite("The strict registry keeps the distribution spec")
struct StrictRegistryTests {
    let http = StrictFixture().http
    let registry: StrictRegistry
    let blob = Array("the blob's bytes".utf8)

    init() throws {
        registry = try StrictRegistry()
    }

    private var digest: String { Digest(of: blob).description }

    @Test("it is one: GET /v2/ is answered with 200")
    func support() async throws {
        #expect(try await send(.get, "/v2/").status == 200)
    }

    @Test(
        "what is not there is 404, with an error in JSON",
        arguments: [
            ("blobs/sha256:" + String(repeating: "0", count: 64), "BLOB_UNKNOWN"),
            ("manifests/none", "MANIFEST_UNKNOWN"), ("tags/list", "NAME_UNKNOWN"),
            ("blobs/uploads/none", "BLOB_UPLOAD_UNKNOWN"),
        ]
    )
    func absent(path: String, code: String) async throws {
        let (response, body) = try await exchange(.get, "/v2/app/\(path)")
        #expect(response.status == 404)
        #expect(try JSONDocument.parse(body)["errors"]?.array?.first?["code"]?.string == code)
        guard !path.contains("list"), !path.contains("uploads") else { return }
        #expect(try await send(.head, "/v2/app/\(path)").status == 404)
    }

    @Test("a blob is pushed by POST and PUT, by one POST, and by POST, PATCH and PUT; and pulled, whole and in part")
    func blobs() async throws {
        let location = try await open()
        let put = try await send(.put, closing(location), body: blob)
        #expect(put.status == 201 && put.headers["Location"] == "/v2/app/blobs/\(digest)")
        #expect(try await send(.post, "/v2/b/blobs/uploads/?digest=\(digest)", body: blob).status == 201)
        let patched = try await send(.patch, try await open(), body: blob)
        #expect(patched.status == 202 && patched.headers["Range"] == "0-\(blob.count - 1)")
        #expect(try await send(.put, closing(try #require(patched.headers["Location"])), body: []).status == 201)

        let head = try await send(.head, "/v2/app/blobs/\(digest)")
        #expect(head.headers["Content-Length"] == "\(blob.count)" && head.headers["Docker-Content-Digest"] == digest)
        #expect(try await exchange(.get, "/v2/app/blobs/\(digest)").1 == blob)
        let (part, bytes) = try await exchange(.get, "/v2/app/blobs/\(digest)", ["Range": "bytes=4-7"])
        #expect(part.status == 206 && bytes == Array(blob[4...7]))
        #expect(part.headers["Content-Range"] == "bytes 4-7/\(blob.count)")
        #expect(try await send(.get, "/v2/app/blobs/\(digest)", ["Range": "bytes=99-"]).status == 416)
    }

    @Test("chunks are taken in order alone; where an upload stands can be asked, and it can be closed")
    func chunks() async throws {
        let first = try await open()
        #expect(try await send(.patch, first, ["Content-Range": "5-9"], body: Array(blob[5...9])).status == 416)
        let answer = try await send(.patch, first, ["Content-Range": "0-4"], body: Array(blob[..<5]))
        #expect(answer.status == 202 && answer.headers["Range"] == "0-4")
        let second = try #require(answer.headers["Location"])
        let state = try await send(.get, second)
        #expect(state.status == 204 && state.headers["Range"] == "0-4")
        let wrong = try await send(.patch, second, ["Content-Range": "5-6"], body: Array(blob[5...]))
        #expect(wrong.status == 400)
        let end = try await send(.patch, second, ["Content-Range": "5-\(blob.count - 1)"], body: Array(blob[5...]))
        #expect(try await send(.put, closing(try #require(end.headers["Location"])), body: []).status == 201)
        #expect(try await send(.delete, try await open()).status == 204)
    }

    @Test("the last chunk, which closes the upload, is taken in order too, and bytes only as bytes")
    func lastChunk() async throws {
        let first = try await open()
        let answer = try await send(.patch, first, ["Content-Range": "0-4"], body: Array(blob[..<5]))
        let next = closing(try #require(answer.headers["Location"]))
        let odd = try await send(.put, next, ["Content-Range": "6-\(blob.count)"], body: Array(blob[5...]))
        #expect(odd.status == 416)
        let last = ["Content-Range": "5-\(blob.count - 1)"]
        #expect(try await send(.put, next, last, body: Array(blob[5...])).status == 201)
        #expect(registry.violations.count == 1)
        _ = try await send(.put, closing(try await open()), ["Content-Type": "text/plain"], body: blob)
        #expect(registry.violations.count == 2)
    }

    @Test(
        "names and tags are those of the specification",
        arguments: [
            ("team/app", "v1", 201), ("a.b__c--d/e_f", "_", 201), ("Team/app", "v1", 400), ("team/-app", "v1", 400),
            ("team/a..b", "v1", 400), ("team/a___b", "v1", 400), ("team/app.", "v1", 400), ("team/app", "-x", 400),
            ("team/app", "a+b", 400), ("team/app", String(repeating: "t", count: 129), 400),
        ]
    )
    func names(repository: String, tag: String, status: Int) async throws {
        let image = StrictFixture.image([StrictFixture.blob(10)])
        if StrictRegistry.isName(repository) { try registry.seed(image, as: "old", in: repository) }
        let type = ["Content-Type": MediaType.ociManifest]
        let answer = try await send(.put, "/v2/\(repository)/manifests/\(tag)", type, body: image.manifest)
        #expect(answer.status == status)
        #expect(registry.violations.isEmpty == (status == 201), "\(registry.violations)")
    }

    @Test("what a client must not do is refused, and written down")
    func violations() async throws {
        let location = try await open()
        _ = try await send(.patch, location, body: blob)
        #expect(try await send(.patch, location, body: blob).status == 404)
        #expect(try await send(.put, closing(try await open()), body: Array("other".utf8)).status == 400)
        #expect(try await send(.put, try await open(), body: blob).status == 400)
        let ranged = try await send(.put, closing(try await open()), ["Content-Range": "0-15"], body: blob)
        #expect(ranged.status == 201)
        #expect(try await send(.post, "/v2/b/blobs/uploads/?mount=\(digest)&from=app&origin=x").status == 201)
        #expect(registry.violations.count == 5, "\(registry.violations)")
    }

    @Test("a manifest is taken under its own digest or a tag when everything that it names is there")
    func manifests() async throws {
        let image = StrictFixture.image([StrictFixture.blob(10)])
        let type = ["Content-Type": MediaType.ociManifest]
        let (refused, words) = try await exchange(.put, "/v2/app/manifests/v1", type, body: image.manifest)
        #expect(refused.status == 404)
        #expect(try JSONDocument.parse(words)["errors"]?.array?.first?["code"]?.string == "MANIFEST_BLOB_UNKNOWN")
        try registry.seed(image, as: "v1", in: "app")
        let own = image.manifestDescriptor.digest.description
        #expect(try await send(.put, "/v2/app/manifests/\(own)", type, body: image.manifest).status == 201)
        #expect(try await send(.put, "/v2/app/manifests/\(digest)", type, body: image.manifest).status == 400)
        #expect(try await send(.put, "/v2/app/manifests/v2", type, body: Array("{".utf8)).status == 400)
        #expect(try await send(.put, "/v2/app/manifests/v2", type, body: image.manifest).status == 201)
        let accept = ["Accept": MediaType.ociManifest]
        let (found, bytes) = try await exchange(.get, "/v2/app/manifests/v2", accept)
        #expect(bytes == image.manifest && found.headers["Content-Type"] == MediaType.ociManifest)
        #expect(found.headers["Docker-Content-Digest"] == own)
        #expect(registry.violations == [])
    }

    @Test("tags are listed in order and by pages, and go with their manifest")
    func tags() async throws {
        let image = StrictFixture.image([StrictFixture.blob(10)])
        for tag in ["c", "a", "b"] { try registry.seed(image, as: tag, in: "app") }
        func tags(_ query: String) async throws -> ([String], link: String?) {
            let (response, body) = try await exchange(.get, "/v2/app/tags/list\(query)")
            let names = try JSONDocument.parse(body)["tags"]?.array?.compactMap(\.string) ?? []
            return (names, response.headers["Link"])
        }
        #expect(try await tags("").0 == ["a", "b", "c"])
        let (page, link) = try await tags("?n=2")
        #expect(page == ["a", "b"] && link?.contains("last=b") == true)
        #expect(try await tags("?n=2&last=b").0 == ["c"])
        #expect(try await send(.delete, "/v2/app/manifests/a").status == 202)
        #expect(try await tags("").0 == ["b", "c"])
        #expect(try await send(.delete, "/v2/app/manifests/\(image.manifestDescriptor.digest)").status == 202)
        #expect(try await tags("").0 == [])
    }

    @Test("referrers are listed, and by type")
    func referrers() async throws {
        let image = StrictFixture.image([StrictFixture.blob(10)])
        try registry.seed(image, as: "v1", in: "app")
        let (artifact, blobs) = try StrictFixture.artifact(on: image.manifestDescriptor)
        for case .local(let content) in blobs.map(\.source) {
            let bytes = try Files.bytes(of: content)
            _ = try await send(.post, "/v2/app/blobs/uploads/?digest=\(Digest(of: bytes))", body: bytes)
        }
        let type = ["Content-Type": MediaType.ociManifest]
        let path = "/v2/app/manifests/\(artifact.descriptor.digest)"
        let subject = image.manifestDescriptor.digest.description
        #expect(try await send(.put, path, type, body: artifact.bytes).headers["OCI-Subject"] == subject)
        func count(_ query: String) async throws -> Int? {
            let (_, body) = try await exchange(.get, "/v2/app/referrers/\(subject)\(query)")
            return try JSONDocument.parse(body)["manifests"]?.array?.count
        }
        #expect(try await count("") == 1)
        #expect(try await count("?artifactType=application%2Fvnd.example.signature") == 1)
        #expect(try await count("?artifactType=other") == 0)
    }

    @Test("skopeo pushes to it and pulls from it, and does nothing that it must not")
    func skopeo() async throws {
        let scratch = try Scratch()
        let image = TestImage.image([try await TestImage.layer()])
        try registry.seed(image, as: "v1", in: "app")
        let plain = ["skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"]
        let source = "docker://\(registry.host)/app:v1"
        try await Command.output(plain + [source, "oci:\(scratch("layout")):v1"])
        try await Command.output(plain + ["oci:\(scratch("layout")):v1", "docker://\(registry.host)/other:v2"])
        #expect(registry.digest(ofTag: "v2", in: "other") == image.manifestDescriptor.digest)
        #expect(registry.faults(ofTag: "v2", in: "other") == [])
        #expect(registry.violations == [])
    }

    /// Opens an upload and returns where it goes on.
    private func open() async throws -> String {
        let response = try await send(.post, "/v2/app/blobs/uploads/")
        #expect(response.status == 202)
        return try #require(response.headers["Location"])
    }

    private func closing(_ location: String) -> String { "\(location)&digest=\(digest)" }

    private func send(
        _ method: HTTPRequest.Method,
        _ place: String,
        _ headers: [String: String] = [:],
        body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        try await exchange(method, place, headers, body: body).0
    }

    private func exchange(
        _ method: HTTPRequest.Method,
        _ place: String,
        _ headers: [String: String] = [:],
        body: [UInt8]? = nil
    ) async throws -> (HTTPResponse, [UInt8]) {
        let url = place.hasPrefix("/") ? "http://\(registry.host)\(place)" : place
        var request = HTTPRequest(method, url, headers: HTTPHeaders(headers.map { (name: $0.key, value: $0.value) }))
        if request.headers["Accept"] == nil { request.headers["Accept"] = "*/*" }
        if let body {
            request.body = .bytes(body)
            if request.headers["Content-Type"] == nil { request.headers["Content-Type"] = "application/octet-stream" }
        }
        return try await http.execute(request)
    }
}

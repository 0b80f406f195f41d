package import BuildModel
internal import Documents
internal import Platform
internal import Synchronization
internal import TestSupport

/// A registry over a real socket that is exact about what the distribution spec asks of clients, with a switch for each way in which
/// real ones differ, and faults on a schedule. It keeps everything in memory.
package final class StrictRegistry: Sendable {
    /// Who may do what.
    package enum Access: Sendable, Hashable {
        case anyone
        case basic(user: String, password: String)
        /// Tokens from this server's own `/token`, for the user or by the identity token `identity`.
        case bearer(user: String, password: String, lifetime: Int)
    }

    /// Decides what happens to a request: its number from 1, method, and path without query.
    package typealias Schedule = @Sendable (_ number: Int, _ method: String, _ path: String) -> Fault?

    let quirks: Set<Quirk>
    private let whoMay: Mutex<Access>
    let contents = Mutex(RegistryContents())
    private let schedule: Mutex<Schedule>
    private let server = Mutex<SocketServer?>(nil)
    private let elsewhere = Mutex<SocketServer?>(nil)

    /// The refresh token that is taken in place of user and password.
    package static let identityToken = "identity-token"
    /// With `minimumChunk`, the bytes that a chunk has to have.
    package static let smallestChunk = 300_000
    /// With `fewParts`.
    package static let mostParts = 100
    /// With `rateLimit`.
    package static let requestsPerSecond = 20

    package init(
        quirks: Set<Quirk> = [],
        access: Access = .anyone,
        schedule: @escaping Schedule = { _, _, _ in nil }
    ) throws {
        self.quirks = quirks
        whoMay = Mutex(access)
        self.schedule = Mutex(schedule)
        let server = try SocketServer { [weak self] request in
            guard let self else { return request.hangUp() }
            self.take(request)
        }
        self.server.withLock { $0 = server }
        guard !quirks.isDisjoint(with: [.uploadsElsewhere, .redirectsElsewhere]) else { return }
        let other = try SocketServer { [weak self] request in
            guard let self else { return request.hangUp() }
            if request.headers["authorization"] != nil {
                self.violation("the authorization was shown to another origin")
            }
            self.route(Exchange(request, fault: nil, isElsewhere: true))
        }
        elsewhere.withLock { $0 = other }
    }

    package var port: Int { server.withLock { $0?.port } ?? 0 }
    /// As image references name it.
    package var host: String { "127.0.0.1:\(port)" }
    /// `METHOD target` of each.
    package var requests: [String] { server.withLock { $0?.requests } ?? [] }
    /// What a client did that the spec forbids, or that only luck lets pass.
    package var violations: [String] { contents.withLock { $0.violations } }

    /// Uploads that were opened, and neither ended nor closed.
    package var openUploads: Int { contents.withLock { $0.uploads.count } }
    /// `METHOD target` of each request to the other origin.
    package var requestsElsewhere: [String] { elsewhere.withLock { $0?.requests } ?? [] }

    var otherOrigin: String { "http://127.0.0.1:\(elsewhere.withLock { $0?.port } ?? port)" }
    var uploadOrigin: String { quirks.contains(.uploadsElsewhere) ? otherOrigin : "http://\(host)" }

    /// Changes what happens to requests from now on; their numbers begin at 1 again.
    package func setSchedule(_ schedule: @escaping Schedule) {
        self.schedule.withLock { $0 = schedule }
        contents.withLock { $0.requestCount = 0 }
    }

    var access: Access { whoMay.withLock { $0 } }

    /// Gives the user another password, as clouds do twice a day. Tokens that the old one got end.
    package func setPassword(_ password: String) {
        contents.withLock { $0.tokens = [:] }
        whoMay.withLock { access in
            switch access {
            case .anyone: break
            case .basic(let user, _): access = .basic(user: user, password: password)
            case .bearer(let user, _, let lifetime):
                access = .bearer(user: user, password: password, lifetime: lifetime)
            }
        }
    }

    func violation(_ text: String) { contents.withLock { $0.violations.append(text) } }

    private func take(_ request: ServedRequest) {
        let number = contents.withLock { contents in
            contents.requestCount += 1
            return contents.requestCount
        }
        let path = String(request.target.prefix { $0 != "?" })
        let fault = schedule.withLock { $0 }(number, request.method, path)
        var exchange = Exchange(request, fault: fault)
        exchange.warns = quirks.contains(.warns)
        exchange.isLoose = quirks.contains(.looseStatuses)
        if request.headers["cookie"] != nil {
            violation("a cookie came back")
            if quirks.contains(.csrfCookie) { return exchange.error(403, "DENIED", "CSRF token invalid") }
        }
        if fault == .expiredTokens { contents.withLock { $0.tokens = [:] } }
        if fault == .collectedBlob { collectBlob() }
        if exchange.isDoneByFault() { return }
        route(exchange)
    }

    /// Drops one blob that no manifest names.
    private func collectBlob() {
        contents.withLock { contents in
            for (repository, blobs) in contents.blobs {
                let named = contents.manifests[repository, default: [:]].values.map(\.document.canonicalText).joined()
                if let loose = blobs.keys.first(where: { !named.contains($0.description) }) {
                    contents.blobs[repository]?[loose] = nil
                    return
                }
            }
        }
    }
}

extension StrictRegistry {
    /// Why the image under a tag cannot be pulled whole; empty for a tag that is not there, or fine.
    package func faults(ofTag tag: String, in repository: String) -> [String] {
        contents.withLock { contents in
            guard let digest = contents.tags[repository]?[tag] else { return [] }
            guard let manifest = contents.manifests[repository]?[digest] else { return ["its manifest is not there"] }
            var faults = contents.missing(manifest.document, in: repository).map { "\($0) is not there" }
            if Digest(of: manifest.bytes) != digest { faults.append("its manifest has another digest") }
            for (digest, bytes) in contents.blobs[repository] ?? [:] where Digest(of: bytes) != digest {
                faults.append("\(digest) has other bytes")
            }
            return faults
        }
    }

    /// What a tag is on.
    package func digest(ofTag tag: String, in repository: String) -> Digest? {
        contents.withLock { $0.tags[repository]?[tag] }
    }

    /// Puts an image there without any request.
    package func seed(_ image: Image, as tag: String, in repository: String) throws {
        var blobs = [image.configDescriptor.digest: image.config]
        for layer in image.layers {
            guard case .local(let content) = layer.source else { continue }
            var bytes = [UInt8](repeating: 0, count: Int(content.size))
            _ = try bytes.withUnsafeMutableBytes { try content.read(at: 0, into: $0) }
            blobs[layer.descriptor.digest] = bytes
        }
        let document = try JSONDocument.parse(image.manifest)
        contents.withLock { contents in
            contents.blobs[repository, default: [:]].merge(blobs) { old, _ in old }
            contents.manifests[repository, default: [:]][image.manifestDescriptor.digest] = .init(
                mediaType: image.manifestDescriptor.mediaType,
                bytes: image.manifest,
                document: document
            )
            contents.tags[repository, default: [:]][tag] = image.manifestDescriptor.digest
        }
    }

    /// Puts an index there without any request.
    package func seedManifest(_ bytes: [UInt8], as tag: String, in repository: String) throws {
        let manifest = RegistryContents.Manifest(
            mediaType: MediaType.ociIndex,
            bytes: bytes,
            document: try JSONDocument.parse(bytes)
        )
        contents.withLock { contents in
            contents.manifests[repository, default: [:]][Digest(of: bytes)] = manifest
            contents.tags[repository, default: [:]][tag] = Digest(of: bytes)
        }
    }
}

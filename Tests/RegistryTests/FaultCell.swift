import BuildModel
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

/// One cell of the matrix of faults by requests.
struct FaultCell: Sendable, CustomStringConvertible {
    /// How blobs go, and who keeps the list of referrers.
    enum Way: CaseIterable {
        case wholeWithTagOfReferrers
        case chunksWithListOfReferrers

        var chunkBytes: Int64? { self == .wholeWithTagOfReferrers ? nil : 500_000 }
        var quirks: Set<Quirk> { self == .wholeWithTagOfReferrers ? [.noReferrers] : [] }
        /// What only this way does.
        var requests: [String] {
            self == .wholeWithTagOfReferrers ? ["PUT /v2/team/app/manifests/sha256-"] : ["PATCH "]
        }
    }

    var fault: Fault
    var request: Int
    var way: Way
    /// Whether the fault comes once or from this request on.
    var lasts: Bool

    static let access = StrictRegistry.Access.bearer(user: "user", password: "pass", lifetime: 60)
    private static let base = StrictFixture.blob(20_000)
    private static let image: Image = {
        let layers = [base, StrictFixture.blob(1_100_000), StrictFixture.blob(1000)]
        return StrictFixture.image(layers)
    }()
    private static let artifact = Result { try StrictFixture.artifact(on: image.manifestDescriptor) }

    var description: String { "\(fault) at request \(request)\(lasts ? " and after" : ""), \(way)" }

    /// Whether it mostly waits.
    var waits: Bool {
        switch fault {
        case .stall, .tooManyRequests(retryAfter: 1), .slow: true
        case .tooManyRequests, .truncatedJSON: lasts
        default: false
        }
    }

    /// Runs it and looks at what is left; true if the push failed.
    func run(_ fixture: StrictFixture) async throws -> Bool {
        let registry = try StrictRegistry(quirks: way.quirks, access: Self.access)
        registry.setSchedule { number, _, _ in
            number == request || (lasts && number > request) ? scheduled : nil
        }
        var failure: BuildFailure?
        do {
            try await Self.push(to: registry, way, fixture, patience: fault == .stall ? .seconds(3) : .seconds(60))
        } catch let error as BuildFailure {
            failure = error
        }
        let list = "sha256-\(Self.image.manifestDescriptor.digest.hex)"
        for tag in ["v1", list] { #expect(registry.faults(ofTag: tag, in: "team/app") == [], "\(self)") }
        if let failure {
            #expect(mayFail, "\(self): \(failure)")
            for words in [registry.host, self.words] {
                #expect(failure.message.contains(words), "\(self): \(failure)")
            }
            // The base may be fetched where it cannot be mounted.
            #expect(["team/app", "library/base"].contains { failure.message.contains($0) }, "\(self): \(failure)")
        } else {
            #expect(registry.digest(ofTag: "v1", in: "team/app") == Self.image.manifestDescriptor.digest, "\(self)")
            #expect(try await isAttached(in: registry, fixture), "\(self)")
        }
        // Where a push fails, others of its blobs are given up: one that is just being opened nobody can close.
        if !lasts, isUndone, failure == nil { #expect(registry.openUploads == 0, "\(self)") }
        return failure != nil
    }

    /// Pushes the image, whose base is in the registry already, and attaches the artifact to it.
    static func push(
        to registry: StrictRegistry,
        _ way: Way,
        _ fixture: StrictFixture,
        patience: Duration = .seconds(10)
    ) async throws {
        try registry.seed(StrictFixture.image([base]), as: "1", in: "library/base")
        var image = image
        image.layers[0].source = .registry(ImageReference(registry: registry.host, repository: "library/base"))
        let client = client(of: registry, way, fixture, patience: patience)
        let target = ImageReference(registry: registry.host, repository: "team/app", tag: "v1")
        _ = try await client.push(image, to: target, confirm: {}, log: fixture.log)
        let (artifact, blobs) = try artifact.get()
        try await client.attach(artifact, blobs: blobs, in: target)
    }

    private static func client(
        of registry: StrictRegistry,
        _ way: Way,
        _ fixture: StrictFixture,
        patience: Duration
    ) -> RegistryClient {
        var settings = StrictFixture.settings()
        settings.patience = patience
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        settings.chunkBytes[registry.host] = way.chunkBytes
        return RegistryClient(settings: settings, http: fixture.http)
    }

    private func isAttached(in registry: StrictRegistry, _ fixture: StrictFixture) async throws -> Bool {
        registry.setSchedule { _, _, _ in nil }
        let client = Self.client(of: registry, way, fixture, patience: .seconds(10))
        let reference = ImageReference(registry: registry.host, repository: "team/app")
        let found = try await client.referrers(of: Self.image.manifestDescriptor.digest, in: reference)
        return try found.map(\.digest) == [Self.artifact.get().0.descriptor.digest]
    }

    /// A second that is asked for again and again is waited for each time: what lasts asks for none.
    private var scheduled: Fault {
        lasts && fault == .tooManyRequests(retryAfter: 1) ? .tooManyRequests(retryAfter: 0) : fault
    }

    /// Whether the registry says that it did not do the request: then the client knows all uploads that are open, and closes them.
    private var isUndone: Bool {
        switch fault {
        case .tooManyRequests, .serverError, .tooLarge, .badGateway, .truncatedJSON, .expiredTokens, .slow: true
        default: false
        }
    }

    /// One wrong answer about a digest is never passed over, and what is too large is no smaller the next time; anything else has to last
    /// to fail a push, and a slow registry never does.
    private var mayFail: Bool { (lasts || [.wrongDigest, .tooLarge].contains(fault)) && fault != .slow }

    private var words: String {
        switch fault {
        case .reset, .cut, .lostAnswer, .wrongLength, .halfAnswer: "broke"
        case .stall: "nothing moved"
        case .tooManyRequests: "429"
        case .serverError: "500"
        case .tooLarge: "413"
        case .badGateway: "502"
        case .truncatedJSON: "503"
        case .wrongDigest: "digest"
        case .slow: "never fails"
        case .collectedBlob: "blobs"
        case .expiredTokens: "401"
        }
    }
}

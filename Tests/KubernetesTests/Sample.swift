import BuildModel
import Documents
import Kubernetes

/// Values that tests vary.
enum Sample {
    static func json(_ text: String) throws -> JSONValue { try JSONDocument.parse(text) }

    static let commit = "0123456789abcdef0123456789abcdef01234567"

    static func digest(_ character: Character) -> String { "sha256:" + String(repeating: character, count: 64) }

    static func request(
        project: String = "shop",
        deployment: String = "d1",
        _ edit: (inout BuildRequest) -> Void = { _ in }
    ) -> BuildRequest {
        var request = BuildRequest(
            deploymentID: deployment,
            projectID: project,
            repositoryURL: "https://git.example.com/shop.git"
        )
        edit(&request)
        return request
    }

    static func intent(
        _ request: BuildRequest = request(),
        image: Character = "a",
        epoch: Int64 = 7,
        queuedAt: Int64 = 1000,
        settings: DeployerSettings = DeployerSettings(namespace: "demo")
    ) throws -> DeploymentIntent {
        try DeploymentIntent(
            request: request,
            image: try published(image),
            plan: try plan(),
            revision: try revision(),
            queuedAt: queuedAt,
            epoch: epoch,
            settings: settings
        )
    }

    static func published(_ character: Character) throws -> PublishedImage {
        let digest = try Digest(parsing: digest(character))
        return PublishedImage(
            reference: ImageReference(
                registry: "registry.example.com",
                repository: "apps/shop",
                tag: "d1",
                digest: digest
            ),
            manifest: Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: 1000),
            uploadedBytes: 0,
            reusedBytes: 0
        )
    }

    static func plan() throws -> BuildPlan {
        BuildPlan(
            language: "python",
            rule: RuleIdentity(name: "python", digest: try Digest(parsing: digest("b"))),
            candidates: [],
            runImage: try ImageReference(parsing: "python:3"),
            applicationDirectory: "/app",
            workingDirectory: "/app",
            start: StartCommand(arguments: ["python", "main.py"], text: "python main.py", source: "rule python"),
            user: "65532:65532",
            environment: [:],
            port: 3000,
            files: [],
            warnings: []
        )
    }

    static func revision() throws -> Revision {
        guard let id = ObjectID(hex: commit) else { throw BuildFailure(CancellationError(), operation: "test") }
        return Revision(
            commit: id,
            tree: id,
            repositoryURL: "https://git.example.com/shop.git",
            reference: "main",
            rootDirectory: "",
            commitMessage: "",
            authorName: "",
            authorEmail: "",
            committedAt: 0
        )
    }
}

/// The failure that `body` throws; an unexpected success or another error fails the test.
func failure(of body: () async throws -> Void) async throws -> BuildFailure {
    do {
        try await body()
    } catch let failure as BuildFailure {
        return failure
    }
    throw BuildFailure(.platform, .internal, operation: "test", message: "it succeeded, and should not have")
}

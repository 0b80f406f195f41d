import BuildModel
import Platform
import TestSupport
import Testing

@testable import Kubernetes

@Suite("Manifests agree with the schemas of newer releases")
struct SchemaTests {
    private static let program = "\(Cache.directory)/kubernetes-validate/bin/kubernetes-validate"
    /// The first and the last of the releases that the validator knows, and some between; the tests' own server is older than all.
    static let releases = ["1.25", "1.28", "1.31", "1.34", "1.37"]

    private static let templates = ["project", "build"]

    /// Everything that a request and a configuration can ask for.
    private static func intent(_ template: String) throws -> DeploymentIntent {
        var settings = DeployerSettings(namespace: "demo", labels: ["team": "shop"])
        settings.template = try ManifestTemplate(file: "\(Checkout.root)/config/kubernetes/templates/\(template).yaml")
        settings.imagePullSecrets = ["registry"]
        settings.createsNamespace = true
        settings.ingressClass = "nginx"
        settings.ingressAnnotations = ["cert-manager.io/cluster-issuer": "letsencrypt"]
        let request = Sample.request {
            $0.customDomain = "shop.example.org"
            $0.sslEnabled = true
            $0.environmentVariables = ["A": "$(B) $$ \n"]
            $0.environmentSecrets = ["DATABASE_URL": SecretReference(secret: "db", key: "url")]
        }
        return try DeploymentIntent(
            request: request,
            image: try Sample.published("a").reference,
            defaultPort: 3000,
            command: ["python3", "-m", "shop app"],
            releaseCommand: ["python3", "-m", "migrate"],
            revision: Sample.commit,
            queuedAt: 1000,
            epoch: 7,
            settings: settings
        )
    }

    private func verdict(_ release: String, _ path: String) async throws -> CommandResult {
        try await Command.result([Self.program, "-k", release, "--strict", "--no-warn", path])
    }

    @Test("without an unknown field and without a wrong type", arguments: releases)
    func strict(release: String) async throws {
        let scratch = try Scratch()
        for template in Self.templates {
            let intent = try Self.intent(template)
            let job = ReleaseManifest(intent: intent, command: ["migrate"]).job("shop-release-1", lifetime: 86400)
            let text = Manifests.rendered(intent) + Manifests.rendered([job])
            let path = try scratch.write(text, to: "\(template).yaml")
            let result = try await verdict(release, path)
            #expect(result.succeeded, "\(template): \(result.text)\(result.errorText)")
        }
        for name in ["deployer", "deployer-cluster", "deployer-prune"] {
            let role = try await verdict(release, "\(Checkout.root)/config/kubernetes/\(name).yaml")
            #expect(role.succeeded, "\(role.text)\(role.errorText)")
        }
    }

    @Test("by a judge that does find a wrong field")
    func judge() async throws {
        let scratch = try Scratch()
        let text = Manifests.rendered(try Self.intent("project"))
        let path = try scratch.write(
            text.replacing("\"imagePullSecrets\"", with: "\"imagePullSecret\""),
            to: "wrong.yaml"
        )
        #expect(try await !verdict(Self.releases[0], path).succeeded)
    }
}

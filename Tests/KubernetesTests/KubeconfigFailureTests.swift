import BuildModel
import Kubernetes
import TestSupport
import Testing

@Suite("A kubeconfig that cannot be used is refused with its line and the reason")
struct KubeconfigFailureTests {
    /// A wrong kubeconfig, and what the message has to say.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var context: String?
        var says: [String]

        init(_ testDescription: String, _ text: String, context: String? = nil, says: [String]) {
            self.testDescription = testDescription
            self.text = text
            self.context = context
            self.says = says
        }
    }

    private static func user(_ user: String) -> String { KubeconfigTests.text(user: user) }

    static let cases = [
        Case(
            "an unknown context",
            KubeconfigTests.text(),
            context: "prod",
            says: ["'prod'", "'main', 'other'", ":11:"]
        ),
        Case("an unknown user", KubeconfigTests.text(), context: "other", says: ["'nobody'", "users", "'u'"]),
        Case(
            "an unknown cluster",
            "contexts: [{name: x, context: {cluster: c}}]",
            context: "x",
            says: ["clusters", "none"]
        ),
        Case("no current context", "contexts: [{name: x}, {name: y}]", says: ["current-context", "'x', 'y'"]),
        Case("a context that is empty", "contexts: [{name: x}]", context: "x", says: ["'x'", "without 'context'"]),
        Case(
            "a server that is no URL",
            "clusters: [{name: c, cluster: {server: k8s}}]\n"
                + "contexts: [{name: x, context: {cluster: c}}]",
            context: "x",
            says: [":1:", "https://HOST"]
        ),
        Case(
            "a helper program of an unknown version",
            user("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}}"),
            says: ["apiVersion", "user 'u'", ":9:"]
        ),
        Case(
            "a helper program that asks a person",
            user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Always}}"),
            says: ["asks a person"]
        ),
        Case(
            "a helper program without its mode",
            user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}"),
            says: ["interactiveMode"]
        ),
        Case(
            "an auth provider",
            user("{auth-provider: {name: oidc}}"),
            says: ["'auth-provider'", "not supported"]
        ),
        Case("a password", user("{username: admin, password: secret}"), says: ["'username'", "user 'u'"]),
        Case("impersonation", user("{token: t, as: root}"), says: ["'as'", "not supported"]),
        Case(
            "a proxy",
            KubeconfigTests.text(cluster: "proxy-url: \"proxy:3128\""),
            says: ["proxy-url", "cluster 'c'"]
        ),
        Case(
            "data that is no base64",
            user("{client-certificate-data: \"*\"}"),
            says: ["client-certificate-data", "base64"]
        ),
        Case("data that is no PEM", user("{client-certificate-data: Zm9v}"), says: ["client-certificate-data", "PEM"]),
        Case(
            "a file that is not there",
            user("{client-key: gone.key}"),
            says: ["client-key", "cannot be read", "gone.key"]
        ),
        Case("a file that is no PEM", user("{client-key: config}"), says: ["client-key", "not PEM"]),
        Case("a token with a line end", user(#"{token: "a\r\nX-Evil: 1"}"#), says: ["user 'u'", "token with"]),
        Case(
            "a doubtful flag",
            KubeconfigTests.text(cluster: "insecure-skip-tls-verify: \"true\""),
            says: ["neither true"]
        ),
        Case("broken YAML", "clusters: [", says: ["cannot be read"]),
        Case("a list", "- a", says: ["current-context"]),
        Case("nothing", "", says: ["current-context"]),
    ]

    @Test("the message names what is wrong", arguments: cases)
    func refused(_ wrong: Case) async throws {
        let scratch = try Scratch()
        let path = try scratch.write(wrong.text, to: "config")
        let failure = try await failure { _ = try ClusterCredentials.load(kubeconfig: path, context: wrong.context) }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains(path))
        #expect(!failure.message.contains("secret"))
        for words in wrong.says { #expect(failure.description.contains(words)) }
    }

    @Test("only one of a certificate and its key is refused")
    func halfIdentity() async throws {
        let scratch = try Scratch()
        try scratch.write("-----BEGIN CERTIFICATE-----", to: "own.crt")
        let path = try scratch.write(Self.user("{client-certificate: own.crt}"), to: "config")
        let failure = try await failure { _ = try ClusterCredentials.load(kubeconfig: path) }
        #expect(failure.message.contains("needs both or none"))
    }
}

import BuildModel
import HTTPTransport
import Kubernetes
import Platform
import TestSupport
import Testing

@Suite("A kubeconfig becomes credentials")
struct KubeconfigTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// A kubeconfig with one cluster, user and context; indented YAML is put in.
    static func text(cluster: String = "", user: String = "{token: t0ken}", context: String = "") -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: main
        clusters:
        - name: c
          cluster: {server: "https://127.0.0.1:6443/", \(cluster)}
        users:
        - name: u
          user: \(user)
        contexts:
        - name: main
          context: {cluster: c, user: u, \(context)}
        - name: other
          context: {cluster: c, user: nobody}
        """
    }

    private static let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    private static let encoded = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

    private func load(_ text: String, context: String? = nil) throws -> ClusterCredentials {
        try ClusterCredentials.load(kubeconfig: try scratch.write(text, to: "config"), context: context)
    }

    @Test("a token, the namespace and the server are read")
    func token() throws {
        let credentials = try load(Self.text(context: "namespace: apps"))
        #expect(credentials.server == "https://127.0.0.1:6443")
        #expect(credentials.token == .value(Redacted("t0ken")))
        #expect(credentials.namespace == "apps")
        #expect(credentials.origin == "context 'main' of \(scratch("config"))")
        #expect(credentials.tls == TLSSettings())
    }

    @Test("a token does not show when credentials are printed")
    func redacted() throws {
        let credentials = try load(Self.text())
        #expect(!"\(credentials)".contains("t0ken"))
        #expect(!String(reflecting: credentials).contains("t0ken"))
    }

    @Test("a token file wins over a token, and is relative to the kubeconfig")
    func tokenFile() throws {
        let credentials = try load(Self.text(user: "{token: t0ken, tokenFile: secrets/token}"))
        #expect(credentials.token == .file(scratch("secrets/token")))
    }

    @Test("certificates are read from base64")
    func certificateData() throws {
        let user = "{client-certificate-data: \(Self.encoded), client-key-data: \(Self.encoded)}"
        let credentials = try load(Self.text(cluster: "certificate-authority-data: \(Self.encoded)", user: user))
        #expect(credentials.tls.certificateAuthorities == Array(Self.pem.utf8))
        #expect(credentials.tls.clientCertificate == Array(Self.pem.utf8))
        #expect(credentials.tls.clientKey == Redacted(Array(Self.pem.utf8)))
        #expect(credentials.token == nil)
    }

    @Test("certificates are read from files beside the kubeconfig, and data wins over files")
    func certificateFiles() throws {
        try scratch.write(Self.pem + "file", to: "pki/ca.crt")
        let user = "{client-certificate: pki/ca.crt, client-key: \(scratch("pki/ca.crt"))}"
        let cluster = "certificate-authority: gone, certificate-authority-data: \(Self.encoded)"
        let credentials = try load(Self.text(cluster: cluster, user: user))
        #expect(credentials.tls.certificateAuthorities == Array(Self.pem.utf8))
        #expect(credentials.tls.clientCertificate == Array((Self.pem + "file").utf8))
        #expect(credentials.tls.clientKey == Redacted(Array((Self.pem + "file").utf8)))
    }

    @Test("the server's name and leave to skip its check are read")
    func trust() throws {
        let credentials = try load(
            Self.text(cluster: "tls-server-name: k8s.example.com, insecure-skip-tls-verify: true")
        )
        #expect(credentials.tls.serverName == "k8s.example.com")
        #expect(credentials.tls.allowsAnyCertificate)
    }

    @Test("a kubeconfig may be JSON, and a context may go without a user")
    func json() throws {
        let credentials = try load(
            """
            {"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:8001"}}],
             "contexts": [{"name": "x", "context": {"cluster": "c", "user": ""}}], "current-context": ""}
            """,
            context: "x"
        )
        #expect(credentials.server == "http://127.0.0.1:8001")
        #expect(credentials.token == nil)
    }

    @Test("of KUBECONFIG's files the first that has an entry wins, and the one at home is read without it")
    func locations() throws {
        try scratch.write(Self.text(context: "namespace: listed"), to: "b")
        try scratch.write(Self.text(context: "namespace: home"), to: ".kube/config")
        let list = "\(scratch("a")):\(scratch("b")):\(scratch(".kube/config"))"
        var variables = ["HOME": scratch.path, "KUBECONFIG": list]
        #expect(try ClusterCredentials.load(environment: { variables[$0] }).namespace == "listed")
        try scratch.write("current-context: main\nusers: [{name: u, user: {tokenFile: t}}]", to: "sub/a")
        variables["KUBECONFIG"] = "\(scratch("sub/a")):\(list)"
        let merged = try ClusterCredentials.load(environment: { variables[$0] })
        #expect(merged.namespace == "listed")
        #expect(merged.token == .file(scratch("sub/t")))
        variables["KUBECONFIG"] = nil
        #expect(try ClusterCredentials.load(environment: { variables[$0] }).namespace == "home")
    }

    @Test("no kubeconfig anywhere is said, with where one can be named")
    func nowhere() async throws {
        let gone = "\(scratch("a")):\(scratch("b"))"
        for variables in [["KUBECONFIG": gone], ["HOME": scratch.path], [:]] {
            let failure = try await failure { _ = try ClusterCredentials.load(environment: { variables[$0] }) }
            #expect(failure.code == .notFound)
            #expect(failure.message.contains("kubernetes.kubeconfig"))
        }
    }
}

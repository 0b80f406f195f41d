internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

extension Kubeconfig {
    /// Adds how the cluster's server is trusted.
    func addTrust(
        of cluster: YAMLNode,
        named name: String,
        to credentials: inout ClusterCredentials
    ) throws(BuildFailure) {
        let owner = "cluster '\(name)'"
        try refuse(["proxy-url"], in: cluster, of: owner)
        let key = "certificate-authority"
        credentials.tls.certificateAuthorities = try pem(key, of: cluster, owner)
        credentials.tls.serverName = cluster["tls-server-name"]?.string
        guard let insecure = cluster["insecure-skip-tls-verify"] else { return }
        guard let flag = insecure.bool else {
            throw invalid(insecure, "has in \(owner) an insecure-skip-tls-verify that is neither true nor false")
        }
        credentials.tls.allowsAnyCertificate = flag
    }

    /// Adds who we are. An inline token loses to a token file, as in kubectl.
    func addIdentity(
        of user: YAMLNode,
        named name: String,
        to credentials: inout ClusterCredentials
    ) throws(BuildFailure) {
        let owner = "user '\(name)'"
        let unknown = ["exec", "auth-provider", "username", "password", "as", "as-uid", "as-groups", "as-user-extra"]
        try refuse(unknown, in: user, of: owner)
        if let file = user["tokenFile"]?.string {
            credentials.token = .file(resolved(file))
        } else if let token = user["token"]?.string, !token.isEmpty {
            guard token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw invalid(user, "has in \(owner) a token with spaces or other characters that no token has")
            }
            credentials.token = .value(Redacted(token))
        }
        let certificate = try pem("client-certificate", of: user, owner)
        let key = try pem("client-key", of: user, owner)
        guard (certificate == nil) == (key == nil) else {
            throw invalid(user, "has in \(owner) only one of client-certificate and client-key; it needs both or none")
        }
        credentials.tls.clientCertificate = certificate
        credentials.tls.clientKey = key.map { Redacted($0) }
    }

    private func refuse(_ keys: [String], in node: YAMLNode, of owner: String) throws(BuildFailure) {
        guard let found = node.entries?.first(where: { keys.contains($0.key) && !$0.value.isNull }) else { return }
        throw invalid(
            found.value,
            "has '\(found.key)' in \(owner), which is not supported yet; use a token, a token file or a client certificate"
        )
    }

    /// PEM from `KEY-data` (base64) or, if that is not there, from the file that `KEY` names.
    private func pem(_ key: String, of node: YAMLNode, _ owner: String) throws(BuildFailure) -> [UInt8]? {
        if let data = node["\(key)-data"], let text = data.string, !text.isEmpty {
            guard let bytes = Base64.decode(text), isPEM(bytes) else {
                throw invalid(data, "has in \(owner) a \(key)-data that is not PEM in base64")
            }
            return bytes
        }
        guard let file = node[key], let name = file.string, !name.isEmpty else { return nil }
        let bytes: [UInt8]
        do {
            bytes = try Files.read(resolved(name), limit: 4 << 20)
        } catch {
            var failure = invalid(file, "names in \(owner) a \(key) that cannot be read")
            failure.cause = error.description
            throw failure
        }
        guard isPEM(bytes) else { throw invalid(file, "names in \(owner) a \(key) that is not PEM") }
        return bytes
    }

    private func isPEM(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains("-----BEGIN ")
    }

    /// A path as the kubeconfig means it: relative to its own directory.
    private func resolved(_ name: String) -> String {
        guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}

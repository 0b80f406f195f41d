internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

/// A cluster, user or context of a kubeconfig, with the file that it stands in: paths are relative to that.
struct KubeconfigEntry {
    let path: String
    let node: YAMLNode

    /// A complaint about a place in the file.
    func invalid(_ node: YAMLNode, _ reason: String) -> BuildFailure {
        Kubeconfig.failure("\(path):\(node.line): The kubeconfig \(reason).")
    }

    func required(_ key: String, _ owner: String) throws(BuildFailure) -> String {
        guard let text = node[key]?.string, !text.isEmpty else { throw invalid(node, "has no '\(key)' in \(owner)") }
        return text
    }

    /// The cluster's URL.
    func server(named name: String) throws(BuildFailure) -> String {
        let text = try required("server", "cluster '\(name)'")
        guard let server = ServerURL.normalized(text) else {
            throw invalid(
                node["server"] ?? node,
                "has in cluster '\(name)' a server that is not https://HOST[:PORT][/PATH] (http is for loopback only)"
            )
        }
        return server
    }

    /// Adds how the cluster's server is reached and trusted.
    func addTrust(named name: String, to credentials: inout ClusterCredentials) throws(BuildFailure) {
        let owner = "cluster '\(name)'"
        credentials.tls.certificateAuthorities = try pem("certificate-authority", owner)
        credentials.tls.serverName = node["tls-server-name"]?.string
        if let proxy = node["proxy-url"], let url = proxy.string, !url.isEmpty {
            guard ["http://", "https://", "socks5://"].contains(where: url.hasPrefix) else {
                throw invalid(proxy, "has in \(owner) a proxy-url that is not http://, https:// or socks5://")
            }
            credentials.proxy = url
        }
        guard let insecure = node["insecure-skip-tls-verify"] else { return }
        guard let flag = insecure.bool else {
            throw invalid(insecure, "has in \(owner) an insecure-skip-tls-verify that is neither true nor false")
        }
        credentials.tls.allowsAnyCertificate = flag
    }

    /// Adds who we are. An inline token loses to a token file, as in kubectl, and a helper program to both.
    func addIdentity(
        named name: String,
        to credentials: inout ClusterCredentials,
        cluster: KubeconfigEntry
    ) throws(BuildFailure) {
        let owner = "user '\(name)'"
        try refuse(["auth-provider", "username", "password", "as", "as-uid", "as-groups", "as-user-extra"], owner)
        if let file = node["tokenFile"]?.string {
            credentials.token = .file(resolved(file))
        } else if let token = node["token"]?.string, !token.isEmpty {
            guard token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw invalid(node, "has in \(owner) a token with spaces or other characters that no token has")
            }
            credentials.token = .value(Redacted(token))
        } else if let helper = node["exec"], !helper.isNull {
            let entry = KubeconfigEntry(path: path, node: helper)
            credentials.token = .helper(ExecPlugin(try entry.helper(owner, credentials, cluster)))
        }
        let certificate = try pem("client-certificate", owner)
        let key = try pem("client-key", owner)
        guard (certificate == nil) == (key == nil) else {
            throw invalid(node, "has in \(owner) only one of client-certificate and client-key; it needs both or none")
        }
        credentials.tls.clientCertificate = certificate
        credentials.tls.clientKey = key.map { Redacted($0) }
    }

    private func refuse(_ keys: [String], _ owner: String) throws(BuildFailure) {
        guard let found = node.entries?.first(where: { keys.contains($0.key) && !$0.value.isNull }) else { return }
        throw invalid(
            found.value,
            "has '\(found.key)' in \(owner), which is not supported; use a token, a token file, a client certificate or exec"
        )
    }

    /// PEM from `KEY-data` (base64) or, if that is not there, from the file that `KEY` names.
    func pem(_ key: String, _ owner: String) throws(BuildFailure) -> [UInt8]? {
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
    func resolved(_ name: String) -> String {
        guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}

internal import BuildModel
internal import Documents
internal import HTTPTransport
internal import Platform

extension KubeconfigEntry {
    private static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    /// The helper program that this entry describes.
    func helper(
        _ owner: String,
        _ credentials: ClusterCredentials,
        _ cluster: KubeconfigEntry
    ) throws(BuildFailure) -> ExecPlugin.Configuration {
        let version = try required("apiVersion", "exec of \(owner)")
        guard Self.versions.contains(version) else {
            throw invalid(node, "has in exec of \(owner) an apiVersion that is not one of \(Self.versions)")
        }
        let mode = node["interactiveMode"]?.string
        guard mode != nil || version != Self.versions[0] else {
            throw invalid(node, "has no 'interactiveMode' in exec of \(owner)")
        }
        guard mode != "Always" else {
            throw invalid(node, "has in exec of \(owner) a helper that asks a person; a worker has none to ask")
        }
        let command = try required("command", "exec of \(owner)")
        return ExecPlugin.Configuration(
            apiVersion: version,
            // A path is relative to the kubeconfig; a name without a slash is looked up in PATH.
            command: command.contains("/") ? resolved(command) : command,
            arguments: node["args"]?.elements?.compactMap(\.string) ?? [],
            environment: variables,
            cluster: node["provideClusterInfo"]?.bool == true ? Self.information(credentials, cluster) : nil,
            origin: "\(owner) of \(path)",
            installHint: node["installHint"]?.string
        )
    }

    private var variables: [String: String] {
        var variables: [String: String] = [:]
        for entry in node["env"]?.elements ?? [] {
            if let name = entry["name"]?.string { variables[name] = entry["value"]?.string ?? "" }
        }
        return variables
    }

    /// The cluster as a helper wants to know it.
    private static func information(_ credentials: ClusterCredentials, _ cluster: KubeconfigEntry) -> JSONValue {
        var information: JSONValue = ["server": .string(credentials.server)]
        if let name = credentials.tls.serverName { information["tls-server-name"] = .string(name) }
        if let proxy = credentials.proxy { information["proxy-url"] = .string(proxy) }
        if credentials.tls.allowsAnyCertificate { information["insecure-skip-tls-verify"] = true }
        if let authorities = credentials.tls.certificateAuthorities {
            information["certificate-authority-data"] = .string(Base64.encode(authorities))
        }
        let extensions = cluster.node["extensions"]?.elements ?? []
        let own = extensions.first { $0["name"]?.string == "client.authentication.k8s.io/exec" }
        if let own = own?["extension"] { information["config"] = own.json }
        return information
    }
}

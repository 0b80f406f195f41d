internal import BuildModel
internal import Documents
internal import Platform

/// A kubeconfig file: clusters, users, and contexts that join the two.
struct Kubeconfig {
    let path: String
    private let root: YAMLNode

    /// The file to read: `path`, else the first of `KUBECONFIG` that is there, else the one in the home directory.
    static func locate(_ path: String?, environment: (String) -> String?) throws(BuildFailure) -> String {
        if let path { return path }
        if let list = environment("KUBECONFIG"), !list.isEmpty {
            let paths = list.split(separator: ":").map(String.init)
            if let found = paths.first(where: Files.exists) { return found }
            throw missing("None of the files in KUBECONFIG ('\(list)') is there.")
        }
        guard let home = environment("HOME") else { throw missing("There is no kubeconfig: HOME is not set.") }
        let found = "\(home)/.kube/config"
        guard Files.exists(found) else { throw missing("There is no kubeconfig '\(found)'.") }
        return found
    }

    init(path: String) throws(BuildFailure) {
        self.path = path
        guard Files.exists(path) else { throw Self.missing("There is no kubeconfig '\(path)'.") }
        let bytes = try Files.read(path, limit: 4 << 20)
        do {
            root = try YAMLDocument.parse(bytes, name: path)
        } catch {
            throw Self.failure("The kubeconfig cannot be read: \(error.message)")
        }
    }

    /// What the context says, with every file that it names read.
    func credentials(context name: String?) throws(BuildFailure) -> ClusterCredentials {
        guard let name = name ?? root["current-context"]?.string, !name.isEmpty else {
            throw invalid(
                root,
                "has no current-context; name one of its contexts in the configuration (it has \(known(in: "contexts")))"
            )
        }
        let context = try entry(named: name, in: "contexts", holding: "context", wantedBy: "the configuration")
        let wanter = "context '\(name)'"
        let clusterName = try required("cluster", of: context, wanter)
        let cluster = try entry(named: clusterName, in: "clusters", holding: "cluster", wantedBy: wanter)
        var credentials = ClusterCredentials(
            server: try server(of: cluster, named: clusterName),
            namespace: context["namespace"]?.string,
            origin: "\(wanter) of \(path)"
        )
        try addTrust(of: cluster, named: clusterName, to: &credentials)
        if let userName = context["user"]?.string, !userName.isEmpty {
            let user = try entry(named: userName, in: "users", holding: "user", wantedBy: wanter)
            try addIdentity(of: user, named: userName, to: &credentials)
        }
        return credentials
    }

    private func entry(
        named name: String,
        in list: String,
        holding member: String,
        wantedBy wanter: String
    ) throws(BuildFailure) -> YAMLNode {
        guard let found = root[list]?.elements?.first(where: { $0["name"]?.string == name }) else {
            throw invalid(
                root[list] ?? root,
                "has no entry '\(name)' in \(list), which \(wanter) asks for; it has \(known(in: list))"
            )
        }
        guard let content = found[member], content.entries != nil else {
            throw invalid(found, "has an entry '\(name)' in \(list) without '\(member)'")
        }
        return content
    }

    /// The names in a list, for messages.
    private func known(in list: String) -> String {
        let names = (root[list]?.elements ?? []).compactMap { $0["name"]?.string }
        return names.isEmpty ? "none" : names.map { "'\($0)'" }.joined(separator: ", ")
    }

    private func required(_ key: String, of node: YAMLNode, _ owner: String) throws(BuildFailure) -> String {
        guard let text = node[key]?.string, !text.isEmpty else { throw invalid(node, "has no '\(key)' in \(owner)") }
        return text
    }

    private func server(of cluster: YAMLNode, named name: String) throws(BuildFailure) -> String {
        let text = try required("server", of: cluster, "cluster '\(name)'")
        guard let server = ServerURL.normalized(text) else {
            throw invalid(
                cluster["server"] ?? cluster,
                "has in cluster '\(name)' a server that is not https://HOST[:PORT][/PATH] (http is for loopback only)"
            )
        }
        return server
    }
}

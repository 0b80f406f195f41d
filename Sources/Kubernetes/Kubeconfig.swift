internal import BuildModel
internal import Documents
internal import Platform

/// Kubeconfig files: clusters, users, and contexts that join the two. Of several files the first that has an entry wins.
struct Kubeconfig {
    /// The first file, which messages about all of them name.
    let path: String
    private let files: [File]

    private struct File {
        var path: String
        var root: YAMLNode
    }

    /// The files to read: `path`, else those of `KUBECONFIG` that are there, else the one in the home directory.
    static func locate(_ path: String?, environment: (String) -> String?) throws(BuildFailure) -> [String] {
        if let path { return [path] }
        if let list = environment("KUBECONFIG"), !list.isEmpty {
            let paths = list.split(separator: ":").map(String.init)
            let found = paths.filter(Files.exists)
            if !found.isEmpty { return found }
            throw missing("None of the files in KUBECONFIG ('\(list)') is there.")
        }
        guard let home = environment("HOME") else { throw missing("There is no kubeconfig: HOME is not set.") }
        let found = "\(home)/.kube/config"
        guard Files.exists(found) else { throw missing("There is no kubeconfig '\(found)'.") }
        return [found]
    }

    init(paths: [String]) throws(BuildFailure) {
        path = paths.first ?? ""
        var files: [File] = []
        for path in paths { files.append(try Self.read(path)) }
        self.files = files
    }

    private static func read(_ path: String) throws(BuildFailure) -> File {
        guard Files.exists(path) else { throw missing("There is no kubeconfig '\(path)'.") }
        let bytes = try Files.read(path, limit: 4 << 20)
        do {
            return File(path: path, root: try YAMLDocument.parse(bytes, name: path))
        } catch {
            throw failure("The kubeconfig cannot be read: \(error.message)")
        }
    }

    /// What the context says, with every file that it names read.
    func credentials(context name: String?) throws(BuildFailure) -> ClusterCredentials {
        let current = files.lazy.compactMap { $0.root["current-context"]?.string }.first { !$0.isEmpty }
        guard let name = name ?? current, !name.isEmpty else {
            throw everywhere(
                "has no current-context; name one of its contexts in the configuration (it has \(known(in: "contexts")))"
            )
        }
        let context = try entry(named: name, in: "contexts", holding: "context", wantedBy: "the configuration")
        let wanter = "context '\(name)'"
        let clusterName = try context.required("cluster", wanter)
        let cluster = try entry(named: clusterName, in: "clusters", holding: "cluster", wantedBy: wanter)
        var credentials = ClusterCredentials(
            server: try cluster.server(named: clusterName),
            namespace: context.node["namespace"]?.string,
            origin: "\(wanter) of \(context.path)"
        )
        try cluster.addTrust(named: clusterName, to: &credentials)
        if let userName = context.node["user"]?.string, !userName.isEmpty {
            let user = try entry(named: userName, in: "users", holding: "user", wantedBy: wanter)
            try user.addIdentity(named: userName, to: &credentials, cluster: cluster)
        }
        return credentials
    }

    private func entry(
        named name: String,
        in list: String,
        holding member: String,
        wantedBy wanter: String
    ) throws(BuildFailure) -> KubeconfigEntry {
        for file in files {
            guard let found = file.root[list]?.elements?.first(where: { $0["name"]?.string == name }) else { continue }
            guard let content = found[member], content.entries != nil else {
                throw KubeconfigEntry(path: file.path, node: found)
                    .invalid(found, "has an entry '\(name)' in \(list) without '\(member)'")
            }
            return KubeconfigEntry(path: file.path, node: content)
        }
        let node = files.lazy.compactMap { $0.root[list] }.first
        throw everywhere("has no entry '\(name)' in \(list), which \(wanter) asks for; it has \(known(in: list))", node)
    }

    /// The names in a list, for messages.
    private func known(in list: String) -> String {
        let names = files.flatMap { $0.root[list]?.elements ?? [] }.compactMap { $0["name"]?.string }
        return names.isEmpty ? "none" : names.map { "'\($0)'" }.joined(separator: ", ")
    }

    /// A complaint about what none of the files has.
    private func everywhere(_ reason: String, _ node: YAMLNode? = nil) -> BuildFailure {
        let line = (node ?? files.first?.root)?.line ?? 1
        return Self.failure("\(path):\(line): The kubeconfig \(reason).")
    }
}

internal import BuildModel
internal import Documents
internal import Platform
internal import Synchronization

/// Keeps what was learned of hosts, in memory and if wanted in a file that later processes of the node read.
///
/// Several processes may write: the last one wins for a host, the others keep what they know in memory. All of it can be learned again.
final class KnowledgeStore: Sendable {
    private let path: String?
    private let hosts: Mutex<[String: HostKnowledge]>

    init(path: String?) {
        self.path = path
        hosts = Mutex(Self.read(path))
    }

    subscript(host: String) -> HostKnowledge { hosts.withLock { $0[host] } ?? HostKnowledge() }

    /// Changes what is known of a host; the file is written only if that was news.
    func learn(_ host: String, _ change: (inout HostKnowledge) -> Void) {
        hosts.withLock { hosts in
            var knowledge = hosts[host] ?? HostKnowledge()
            change(&knowledge)
            guard knowledge != hosts[host] ?? HostKnowledge() else { return }
            hosts[host] = knowledge
            guard let path else { return }
            var all = Self.read(path)
            all[host] = knowledge
            let document = JSONValue.object(["version": 1, "hosts": .object(all.mapValues(\.json))])
            // Only a memory: a disk that takes none must not fail a push.
            try? Files.writeAtomically(document.canonicalBytes, to: path)
        }
    }

    /// A file that is missing, damaged or of another version is no knowledge.
    private static func read(_ path: String?) -> [String: HostKnowledge] {
        guard let path, let bytes = try? Files.read(path, limit: 1 << 20),
            let document = try? JSONDocument.parse(bytes),
            document["version"]?.integer == 1
        else { return [:] }
        return (document["hosts"]?.object ?? [:]).mapValues(HostKnowledge.init(json:))
    }
}

package import BuildModel
internal import Platform

/// What determines a layer, each part by a short digest under its name: tells why a layer is another than it was.
package struct LayerGrounds: Sendable, Hashable {
    private let parts: [String: String]

    init(_ parts: [String: JSONValue]) {
        self.parts = parts.mapValues { String(Digest(of: $0.canonicalBytes).hex.prefix(16)) }
    }

    private init(_ parts: [String: String]) { self.parts = parts }

    /// Reads what `text` wrote; nil if it is something else.
    package init?(text: some StringProtocol) {
        var parts: [String: String] = [:]
        for word in text.split(separator: ",") {
            let fields = word.split(separator: ":")
            guard fields.count == 2 else { return nil }
            parts[String(fields[0])] = String(fields[1])
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    /// A word for a note.
    package var text: String { parts.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",") }

    /// With the ignore file of a tree beside the language of such files, which alone a key has: the file is part of the tree.
    package func with(rulesOf tree: any SourceTree) throws -> LayerGrounds {
        var parts = parts
        parts["rules"] = String(Digest(of: "\(parts["rules"] ?? "") \(try IgnoreRules.name(of: tree))").hex.prefix(16))
        return LayerGrounds(parts)
    }

    /// The names of the parts that are others than they were, in order.
    package func differences(from earlier: LayerGrounds) -> [String] {
        Set(parts.keys).union(earlier.parts.keys).filter { parts[$0] != earlier.parts[$0] }.sorted()
    }
}

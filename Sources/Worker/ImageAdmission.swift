internal import BuildModel

/// Which images a repository may name, and with whose rights they are pulled: what the farm may read is not what everybody may
/// read who can have something built.
package struct ImageAdmission: Sendable {
    enum Verdict: Hashable {
        case withCredentials, anonymously
        /// Why, as the end of a sentence.
        case refused(String)
    }

    /// Prefixes `host/path` of images that everybody may stand on, as the farm reads them.
    private let open: [String]
    /// The prefix that images of all tenants are pushed to.
    private let pushed: String

    /// - Parameters:
    ///   - open: prefixes `host[:port][/path]` of images that repositories may name, read with the farm's credentials.
    ///   - pushed: the prefix that the farm's own images have.
    package init(open: [String], pushed: String) {
        self.open = open
        self.pushed = pushed
    }

    func judge(_ name: ImageReference) -> Verdict {
        if name.isBelow(pushed) { return .refused("it is where the images of all projects are") }
        if open.contains(where: name.isBelow) { return .withCredentials }
        guard Self.isPublic(name.registry) else { return .refused("its registry is none of the internet") }
        return .anonymously
    }

    /// Names that only this node or its network knows, and addresses, lead to what strangers have no business with.
    private static func isPublic(_ registry: String) -> Bool {
        guard !registry.hasPrefix("[") else { return false }
        var labels = registry.prefix { $0 != ":" }.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        if labels.last == "" { labels.removeLast() }
        guard labels.count > 1, let top = labels.last else { return false }
        // 127.1, 0x7f.1 and 10.0.0.1 are addresses.
        guard top.first?.isLetter == true else { return false }
        return !["local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "corp"].contains(top)
    }
}

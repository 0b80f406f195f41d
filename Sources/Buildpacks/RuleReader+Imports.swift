internal import BuildModel
internal import Documents

extension RuleReader {
    /// Which packages modules are of.
    func imports() throws(BuildFailure) -> ImportTable? {
        guard let node = root["imports"] else { return nil }
        try check(node, keys: ["when", "files", "except", "like", "ending", "own", "packages"])
        guard let files = node["files"] else { throw problem(node, "'files' is missing.") }
        guard let like = node["like"] else { throw problem(node, "'like' is missing.") }
        return ImportTable(
            when: try node["when"] == nil ? [] : predicates(node, "when"),
            files: try globs(files),
            except: try node["except"].map { node throws(BuildFailure) in try globs(node) } ?? [],
            like: try taking(like),
            ending: try text(node, "ending"),
            own: Set(try words(node, "own")),
            packages: try packages(node)
        )
    }

    /// `flask PIL=pillow`: a package called as its module, and one that is not.
    private func packages(_ node: YAMLNode) throws(BuildFailure) -> [String: String] {
        var packages: [String: String] = [:]
        for word in try words(node, "packages") {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard let module = parts.first, let package = parts.last, packages[module] == nil else {
                throw problem(node["packages"], "'\(word)' is no package, or its module stands there before.")
            }
            guard !package.hasPrefix("-"), package.utf8.allSatisfy(Self.isOfName) else {
                throw problem(node["packages"], "'\(package)' is no name of a package.")
            }
            packages[module] = package
        }
        return packages
    }

    private func words(_ node: YAMLNode, _ key: String) throws(BuildFailure) -> [String] {
        try text(node, key).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "-_.[]@/".utf8.contains(byte)
    }
}

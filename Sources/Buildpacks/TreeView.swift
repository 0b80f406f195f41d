internal import BuildModel
internal import Documents

/// A tree as rules see it: its upper levels listed once, files read once, everything bounded. Confined to the call that
/// detects, as the tree is.
final class TreeView {
    /// Bytes of a manifest at most; larger ones are somebody's mistake or attack.
    static let manifestLimit: Int64 = 1 << 20
    /// Entries that are listed at most.
    static let entryLimit = 200_000

    private let tree: any SourceTree
    /// Paths of regular files, sorted by their bytes.
    private(set) var files: [String] = []
    /// Paths of links and submodules, which rules never follow.
    private(set) var others: [String] = []
    /// Whether the tree has more entries than are listed.
    private(set) var isTruncated = false
    private var documents: [String: Result<YAMLNode, BuildFailure>] = [:]
    private var contents: [String: Result<[UInt8], BuildFailure>] = [:]

    /// - Parameters:
    ///   - depth: levels that are listed.
    ///   - ignore: names of directories that are not.
    init(_ tree: any SourceTree, depth: Int, ignore: Set<String>) throws {
        self.tree = tree
        var count = 0
        try tree.walk { entry in
            count += 1
            guard count <= Self.entryLimit else {
                isTruncated = true
                return .stop
            }
            // A name that is no UTF-8 is nothing that a rule could ask for.
            guard let path = String(validating: entry.path, as: UTF8.self) else { return .skipDescendants }
            switch entry.kind {
            case .file, .executable: files.append(path)
            case .symbolicLink, .submodule: others.append(path)
            case .directory:
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                return ignore.contains(name) || Self.level(path) >= depth ? .skipDescendants : .proceed
            }
            return .proceed
        }
        files.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        others.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func level(_ path: String) -> Int { path.utf8.count { $0 == UInt8(ascii: "/") } + 1 }

    func kind(at path: String) throws -> TreeEntry.Kind? { try tree.entry(at: path)?.kind }

    func isFile(_ path: String) throws -> Bool {
        switch try kind(at: path) {
        case .file, .executable: true
        default: false
        }
    }

    /// The bytes of a regular file, or why they cannot be had.
    func content(_ path: String) throws -> Result<[UInt8], BuildFailure> {
        if let known = contents[path] { return known }
        let result: Result<[UInt8], BuildFailure>
        do {
            result = .success(try tree.bytes(at: path, limit: Self.manifestLimit) ?? [])
        } catch let failure as BuildFailure where failure.code == .limitExceeded {
            let limit = Self.manifestLimit >> 20
            result = .failure(
                .plan(.limitExceeded, "\(path) is larger than the \(limit) MiB that are read of such a file.")
            )
        }
        contents[path] = result
        return result
    }

    /// A JSON or TOML file as nodes, or why it is none.
    func document(_ path: String) throws -> Result<YAMLNode, BuildFailure> {
        if let known = documents[path] { return known }
        let result = try content(path).flatMap { bytes in Self.parse(bytes, path: path) }
        documents[path] = result
        return result
    }

    private static func parse(_ bytes: [UInt8], path: String) -> Result<YAMLNode, BuildFailure> {
        let isJSON = path.hasSuffix(".json")
        do throws(JSONNodes.Problem) {
            return .success(isJSON ? try JSONNodes.parse(bytes) : try TOMLNodes.parse(bytes))
        } catch {
            let place = "\(path):\(error.line):\(error.column)"
            let format = isJSON ? "JSON" : "TOML"
            return .failure(.plan(.invalidManifest, "\(place): this is not valid \(format): \(error.reason)."))
        }
    }
}

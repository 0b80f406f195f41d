internal import Platform

/// What is wrong with the entries of a layer, by the name of the check.
struct TarFindings {
    static let names = ["tar", "duplicates", "paths", "parents", "links", "whiteouts", "hard-links", "records"]

    /// Far beyond PATH_MAX; what is longer has no way that could be looked at in good time.
    private static let longestPath = 64 << 10

    /// What stands at a path.
    enum Kind {
        case directory
        case symbolicLink
        case other
    }

    /// Every path of this layer and those below.
    private(set) var paths: [[UInt8]: Kind]
    private var own: [[UInt8]: UInt8] = [:]
    private var whiteouts: Set<[UInt8]> = []
    /// Directories of which nothing from below is left.
    private var opaque: Set<[UInt8]> = []
    /// Entries whose way is known to be wrong.
    private var astray: Set<[UInt8]> = []
    /// Whether something that was a directory is one no more.
    private var hasReplaced = false
    private var scanner = TarScanner()
    private var problems: [String: [String]] = [:]

    init(below paths: [[UInt8]: Kind]) { self.paths = paths }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var entries: [TarScanner.Entry] = []
        unsafe scanner.feed(bytes) { entries.append($0) }
        for entry in entries { add(entry) }
    }

    mutating func finish() -> [String: [String]] {
        problems["tar", default: []] += scanner.finish()
        problems["records", default: []] += scanner.oddRecords.sorted().map { "it has '\($0)'" }
        for path in whiteouts {
            if own[path] != nil { add("whiteouts", "'\(LayerFailure.shown(path))' is there and removed at once") }
        }
        if hasReplaced || !whiteouts.isEmpty || !opaque.isEmpty { dropWhatIsGone() }
        return problems
    }

    private mutating func add(_ entry: TarScanner.Entry) {
        let shown = "'\(LayerFailure.shown(entry.writtenPath))'"
        guard entry.path.count <= Self.longestPath else { return add("paths", "\(shown) is too long for any system") }
        let parts = entry.path.split(separator: LayerPath.slash, omittingEmptySubsequences: false)
        guard !entry.writtenPath.isEmpty else { return add("paths", "an entry has no path") }
        if entry.writtenPath.first == LayerPath.slash { add("paths", "\(shown) is absolute") }
        if parts.contains(where: { $0.elementsEqual([0x2e, 0x2e]) }) { add("paths", "\(shown) leads out") }
        if own.updateValue(entry.kind, forKey: entry.path) != nil { add("duplicates", "\(shown) is there twice") }
        let parent = Array(parts.dropLast().joined(separator: [LayerPath.slash]))
        checkParent(parent, parts, shown)
        if addWhiteout(parts, parent, shown) { return }
        if entry.kind == 0x31 { checkLink(entry, shown) }
        let kind: Kind = entry.kind == 0x35 ? .directory : entry.kind == 0x32 ? .symbolicLink : .other
        let former = paths.updateValue(kind, forKey: entry.path)
        if former == .directory, kind != .directory { hasReplaced = true }
    }

    /// Through a link some unpackers follow it, wherever it leads in the image, some put a directory in its place, and some refuse.
    private mutating func checkParent(_ parent: [UInt8], _ parts: [ArraySlice<UInt8>], _ shown: String) {
        // What is below a directory that was replaced is still known, until the layer ends.
        guard hasReplaced || paths[parent] != .directory else { return }
        let path = Array(parts.joined(separator: [LayerPath.slash]))
        guard !hasDirectories(above: path) else { return }
        astray.insert(path)
        if let link = Self.directories(above: path).first(where: { paths[$0] == .symbolicLink }) {
            add("links", "\(shown) goes through the symbolic link '\(LayerFailure.shown(link))'")
        } else {
            add("parents", "\(shown) has no directory to be in")
        }
    }

    /// Forgets what the layer removes of those below, and what was in a directory that it replaces; then looks whether anything
    /// of its own was in there, wherever in the layer it stands: whiteouts are for the layers below alone.
    private mutating func dropWhatIsGone() {
        paths = paths.filter { path, _ in own[path] != nil || !isGone(path) }
        let lost = own.keys.filter { paths[$0] != nil && !astray.contains($0) && !hasDirectories(above: $0) }
        for path in lost.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            paths[path] = nil
            add("parents", "'\(LayerFailure.shown(path))' is in a directory that the layer removes")
        }
    }

    private func isGone(_ path: [UInt8]) -> Bool {
        if whiteouts.contains(path) { return true }
        if opaque.contains([]), !path.isEmpty { return true }
        return Self.directories(above: path).contains { above in
            whiteouts.contains(above) || opaque.contains(above) || own[above] != nil && paths[above] != .directory
        }
    }

    private func hasDirectories(above path: [UInt8]) -> Bool {
        Self.directories(above: path).allSatisfy { paths[$0] == .directory }
    }

    /// From the top down, one at a time: a path may have very many.
    private static func directories(above path: [UInt8]) -> some Sequence<[UInt8]> {
        path.indices.lazy.filter { path[$0] == LayerPath.slash }.map { Array(path[..<$0]) }
    }

    /// Whether the entry is a whiteout.
    private mutating func addWhiteout(_ parts: [ArraySlice<UInt8>], _ parent: [UInt8], _ shown: String) -> Bool {
        let mark = Array(".wh.".utf8)
        guard let name = parts.last, name.starts(with: mark) else { return false }
        let hidden = Array(name.dropFirst(mark.count))
        if hidden.isEmpty { add("whiteouts", "\(shown) names nothing") }
        if hidden == Array(".wh..opq".utf8) { opaque.insert(parent) }
        if !hidden.starts(with: mark) {
            whiteouts.insert(parent.isEmpty ? hidden : parent + [LayerPath.slash] + hidden)
        }
        return true
    }

    private mutating func checkLink(_ entry: TarScanner.Entry, _ shown: String) {
        let target = TarScanner.normal(entry.link)
        if own[target] == nil || own[target] == 0x35 || target == entry.path {
            add(
                "hard-links",
                "\(shown) is a link to '\(LayerFailure.shown(target))', which is not before it in the layer"
            )
        }
    }

    private mutating func add(_ name: String, _ problem: String) {
        problems[name, default: []].append(problem)
    }
}

internal import Platform

/// What is wrong with the entries of a layer, by the name of the check.
struct TarFindings {
    static let names = ["tar", "duplicates", "paths", "parents", "links", "whiteouts", "hard-links", "records"]

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
            if own[path] != nil {
                add("whiteouts", "'\(LayerFailure.shown(path))' is there and removed at once")
            } else {
                paths[path] = nil
            }
        }
        return problems
    }

    private mutating func add(_ entry: TarScanner.Entry) {
        let shown = "'\(LayerFailure.shown(entry.writtenPath))'"
        let parts = entry.path.split(separator: LayerPath.slash, omittingEmptySubsequences: false)
        if entry.writtenPath.first == LayerPath.slash { add("paths", "\(shown) is absolute") }
        if parts.contains(where: { $0.elementsEqual([0x2e, 0x2e]) }) { add("paths", "\(shown) leads out") }
        if own.updateValue(entry.kind, forKey: entry.path) != nil { add("duplicates", "\(shown) is there twice") }
        let parent = Array(parts.dropLast().joined(separator: [LayerPath.slash]))
        checkParent(parent, parts, shown)
        if addWhiteout(parts, parent, shown) { return }
        if entry.kind == 0x31 { checkLink(entry, shown) }
        paths[entry.path] = entry.kind == 0x35 ? .directory : entry.kind == 0x32 ? .symbolicLink : .other
    }

    /// Through a link some unpackers follow it, wherever it leads in the image, some put a directory in its place, and some refuse.
    private mutating func checkParent(_ parent: [UInt8], _ parts: [ArraySlice<UInt8>], _ shown: String) {
        guard paths[parent] != .directory else { return }
        for count in 1..<max(parts.count, 1) {
            let above = Array(parts[..<count].joined(separator: [LayerPath.slash]))
            guard paths[above] == .symbolicLink else { continue }
            return add("links", "\(shown) goes through the symbolic link '\(LayerFailure.shown(above))'")
        }
        add("parents", "\(shown) has no directory to be in")
    }

    /// Whether the entry is a whiteout.
    private mutating func addWhiteout(_ parts: [ArraySlice<UInt8>], _ parent: [UInt8], _ shown: String) -> Bool {
        let mark = Array(".wh.".utf8)
        guard let name = parts.last, name.starts(with: mark) else { return false }
        let hidden = Array(name.dropFirst(mark.count))
        if hidden.isEmpty { add("whiteouts", "\(shown) names nothing") }
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

internal import BuildModel

/// A Procfile: lines of `type: command`. `web` is what the image starts, else `worker`; the first of the others by name only where
/// nothing else says how to start. `release` is run before a rollout.
struct Procfile: Sendable, Hashable {
    struct Process: Sendable, Hashable {
        var command: String
        var line: Int
    }

    /// By type.
    var processes: [String: Process] = [:]
    private(set) var warnings: [String] = []

    /// What the image starts by default, and its type.
    var start: (type: String, command: String)? {
        let types = processes.keys.filter { $0 != "release" }.sorted()
        let type = types.first { $0 == "web" } ?? types.first { $0 == "worker" } ?? types.first
        return type.flatMap { type in processes[type].map { (type, $0.command) } }
    }

    /// Names of the only process of an app, beside those that every platform knows.
    private static let programs: Set<String> = ["bot", "app", "server", "api", "main", "start", "run", "service"]

    /// Whether what it starts neither serves nor works: a clock, a console.
    var isFurther: Bool {
        guard let type = start?.type else { return false }
        let isOnly = processes.keys.allSatisfy { $0 == type || $0 == "release" }
        return !["web", "worker"].contains(type) && !(isOnly && Self.programs.contains(type))
    }

    /// Reads the file at the root of the tree, or returns nil if there is none.
    ///
    /// - Throws: `BuildFailure` with code `invalid_manifest` or `limit_exceeded` if it cannot be read as one.
    static func read(_ view: TreeView) throws -> Procfile? {
        switch try view.kind(at: "Procfile") {
        case .file, .executable: return try Procfile(try view.content("Procfile").get())
        case nil: return nil
        default:
            var empty = Procfile()
            empty.warnings = ["Procfile is no regular file and was not read."]
            return empty
        }
    }

    private init() {}

    init(_ bytes: [UInt8]) throws(BuildFailure) {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw .plan(.invalidManifest, "Procfile is not text in UTF-8.")
        }
        let content = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        for (index, line) in Self.lines(content).enumerated() {
            let trimmed = line.trimmed
            guard !trimmed.isEmpty, !trimmed.hasPrefix("#") else { continue }
            guard let (type, command) = Self.process(trimmed) else {
                warnings.append("Procfile:\(index + 1): this is not 'type: command' and was ignored.")
                continue
            }
            if let known = processes[type] {
                warnings.append(
                    "Procfile:\(index + 1): '\(type)' was there in line \(known.line) already; this one counts."
                )
            }
            processes[type] = Process(command: command, line: index + 1)
        }
        if processes["web"] == nil, let start, !isFurther { warnings.append(Self.withoutWeb(start.type)) }
    }

    /// Lines at their numbers; one that ends with a backslash goes on in the next, which is empty then.
    private static func lines(_ content: String) -> [String] {
        var lines: [String] = []
        var open: Int?
        for line in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let text = String(line).trimmed
            let isOpen = text.hasSuffix("\\") && !text.hasPrefix("#")
            let words = isOpen ? String(text.dropLast()) : text
            if let first = open { lines[first] = "\(lines[first].trimmed) \(words)" }
            lines.append(open == nil ? words : "")
            open = isOpen ? open ?? lines.count - 1 : nil
        }
        return lines
    }

    static func withoutWeb(_ type: String) -> String {
        "Procfile has no 'web' process; '\(type)' is what the image starts."
    }

    private static func process(_ line: String) -> (type: String, command: String)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let type = line[..<colon]
        let command = String(line[line.index(after: colon)...]).trimmed
        let isType = type.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar))
        }
        return isType && !type.isEmpty && !command.isEmpty ? (String(type), command) : nil
    }
}

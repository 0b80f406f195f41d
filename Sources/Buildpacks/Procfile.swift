internal import BuildModel

/// A Procfile: lines of `type: command`. Only `web` is started; others are told as a warning.
struct Procfile {
    /// The command of `web` and its line.
    private(set) var web: (command: String, line: Int)?
    private(set) var warnings: [String] = []

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
        var others: [String] = []
        for (index, line) in content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let trimmed = String(line).trimmed
            guard !trimmed.isEmpty, !trimmed.hasPrefix("#") else { continue }
            guard let (type, command) = Self.process(trimmed) else {
                warnings.append("Procfile:\(index + 1): this is not 'type: command' and was ignored.")
                continue
            }
            if type != "web" { others.append(type) } else { takeWeb(command, line: index + 1) }
        }
        if !others.isEmpty {
            let names = others.sorted().joined(separator: ", ")
            warnings.append("Procfile: only 'web' is started; this image does not start \(names).")
        }
        if web == nil { warnings.append("Procfile has no 'web' process, so it does not say how to start.") }
    }

    private mutating func takeWeb(_ command: String, line: Int) {
        if let web {
            warnings.append("Procfile:\(line): 'web' was there in line \(web.line) already; this one counts.")
        }
        web = (command, line)
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

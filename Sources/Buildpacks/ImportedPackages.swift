internal import BuildModel

/// The packages that sources import, by a rule's table.
struct ImportedPackages {
    struct Place: Sendable, Hashable {
        var name: String
        var file: String
        var line: Int
    }

    /// In the order in which they are met, each once.
    private(set) var packages: [Place] = []
    /// The first module that is neither of the language, nor of the app, nor in the table, and is loaded whenever its file is.
    private(set) var unknown: Place?

    private let table: ImportTable
    private let detector: Detector
    private var seen: Set<String> = []
    /// What the app's own modules may be called: its files without their ending, and the directories that they are in.
    private let own: Set<String>

    /// Files of one form that are looked at, at most.
    private static let searchedFiles = 50
    /// Modules that are looked at, at most: one more is unknown.
    private static let knownModules = 500

    init(_ table: ImportTable, _ context: RuleContext) throws {
        self.table = table
        detector = Detector(context)
        own = try Self.modules(of: detector, table.ending)
        for pattern in table.files {
            for file in try detector.files(pattern).prefix(Self.searchedFiles)
            where unknown == nil && !table.except.contains(where: { $0.matches(path: file) }) {
                guard case .success(let bytes) = try context.view.content(file) else { continue }
                for (line, number) in TextLines(bytes) where unknown == nil { try add(line, file, number) }
            }
        }
    }

    private mutating func add(_ line: ArraySlice<UInt8>, _ file: String, _ number: Int) throws {
        guard table.like.contains(where: { $0.mayMatch(line) }) else { return }
        // What stands further in may be loaded only where it is there.
        let isAlways = line.first != 32 && line.first != 9
        let parts = line.contains { ",;".utf8.contains($0) } ? line.split { ",;".utf8.contains($0) } : []
        for part in [line] + parts {
            let words = TextLines.normalised(part)
            guard let form = table.like.first(where: { $0.matches(line: words) }), let text = form.captured(in: words)
            else { continue }
            for module in Self.modules(String(decoding: text, as: UTF8.self)) where seen.insert(module).inserted {
                try add(Place(name: module, file: file, line: number), isAlways: isAlways)
            }
        }
    }

    /// `os, numpy as np` names two modules, `.models` one of the app's own, which is none.
    private static func modules(_ text: String) -> [String] {
        text.split(separator: ",").compactMap { part in
            let name = part.drop(while: \.isWhitespace).prefix { !" ;#\"'()".contains($0) }
            return name.isEmpty || name.hasPrefix(".") || name.hasPrefix("/") ? nil : String(name)
        }
    }

    private mutating func add(_ module: Place, isAlways: Bool) throws {
        guard seen.count <= Self.knownModules else { return unknown = unknown ?? module }
        // What no name of a file has is no import.
        guard module.name.utf8.allSatisfy(Self.isOfName) else { return }
        let names = Self.prefixes(of: module.name)
        let package = names.compactMap { table.packages[$0] }.first
        if try isOfApp(names.last ?? module.name, isKnown: package != nil, from: module.file) { return }
        if let package {
            packages.append(Place(name: package, file: module.file, line: module.line))
        } else if isAlways, !names.contains(where: table.own.contains) {
            unknown = unknown ?? module
        }
    }

    /// `google.cloud.storage`, `google.cloud` and `google`; of a package with a scope no shorter than both of its parts.
    private static func prefixes(of name: String) -> [String] {
        var names = [name]
        var rest = name[...]
        let least = name.hasPrefix("@") ? name.firstIndex(of: "/") : nil
        while let end = rest.lastIndex(where: { "./:".contains($0) }), end != rest.startIndex, end != least {
            rest = rest[..<end]
            names.append(String(rest))
        }
        return names
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "-_./@:~".utf8.contains(byte)
    }

    private static func modules(of detector: Detector, _ ending: String) throws -> Set<String> {
        var names: Set<String> = []
        for path in try detector.matches(GlobPattern("**/*\(ending)")) {
            let parts = path.split(separator: "/").map(String.init)
            names.formUnion(parts.dropLast())
            names.insert(String(parts.last?.dropLast(ending.count) ?? ""))
        }
        return names
    }

    /// Whether a module is a file or directory of the tree: of what may be a package, beside the file that imports it or at the root.
    private func isOfApp(_ module: String, isKnown: Bool, from file: String) throws -> Bool {
        guard own.contains(module), isKnown else { return own.contains(module) }
        for place in ["", "\(file.directoryOfPath)/"] where place != "/" {
            let forms = ["\(place)\(module)\(table.ending)", "\(place)\(module)/*\(table.ending)"]
            for form in forms where try !detector.files(GlobPattern(form)).isEmpty { return true }
        }
        return false
    }
}

internal import BuildModel
internal import Documents
internal import Platform

/// Reads the configuration file into raw settings: knows sections and keys, not values.
struct SettingsFile {
    private let name: String
    private(set) var settings: [RawSetting] = []
    private(set) var problems: [SettingsProblem] = []

    /// Reads the file at `path`; whatever is wrong with it is in `problems`.
    init(path: String) {
        name = path
        do {
            read(try YAMLDocument.parse(try Files.read(path, limit: 1 << 20), name: path))
        } catch {
            problems.append(Self.problem(error, path: path))
        }
    }

    /// Reads a text, under the name that problems show.
    init(text: String, name: String) {
        self.name = name
        do {
            read(try YAMLDocument.parse(text, name: name))
        } catch {
            problems.append(Self.problem(error, path: name))
        }
    }

    private mutating func read(_ root: YAMLNode) {
        guard let entries = root.entries else {
            if !root.isNull { report(root.line, root.column, "the file must be a map of sections and keys.") }
            return
        }
        for entry in entries {
            if SettingKey.sections.contains(entry.key) {
                readSection(entry)
            } else {
                read(entry, path: entry.key)
            }
        }
    }

    private mutating func readSection(_ section: YAMLNode.Entry) {
        guard !section.value.isNull else { return }
        guard let entries = section.value.entries else {
            let keys = SettingKey.all.filter { $0.parts.section == section.key }.map(\.parts.name)
            let known = keys.joined(separator: ", ")
            report(section.line, nil, "'\(section.key)' is a section: below it, indented, go \(known).")
            return
        }
        for entry in entries { read(entry, path: "\(section.key).\(entry.key)") }
    }

    private mutating func read(_ entry: YAMLNode.Entry, path: String) {
        guard let key = SettingKey.byPath[path], key.parts.name == entry.key else {
            report(entry.line, nil, unknown(path, isNested: path != entry.key))
            return
        }
        if !entry.value.isNull { settings.append(RawSetting(key, .file(name), node: entry.value)) }
    }

    private func unknown(_ path: String, isNested: Bool) -> String {
        let shown = path.prefix(120)
        if !isNested, let key = SettingKey.byPath[path] {
            return "'\(path)' must be nested: '\(key.parts.section):' and, indented below it, '\(key.parts.name):'."
        }
        let known = SettingKey.all.map(\.path) + (isNested ? [] : SettingKey.sections)
        return "unknown key '\(shown)'\(NearestName.hint(path, among: known))."
    }

    private mutating func report(_ line: Int, _ column: Int?, _ message: String) {
        problems.append(SettingsProblem(.file(name), line: line, column: column, message))
    }

    /// A YAML failure starts with `name:line:column: `, which goes where a problem keeps it.
    private static func problem(_ failure: BuildFailure, path: String) -> SettingsProblem {
        let parts = failure.message.dropFirst(path.count + 1).split(separator: ":", maxSplits: 2)
        guard failure.message.hasPrefix(path + ":"), parts.count == 3, let line = Int(parts[0]),
            let column = Int(parts[1])
        else { return SettingsProblem(.file(path), failure.description) }
        return SettingsProblem(.file(path), line: line, column: column, String(parts[2].dropFirst()))
    }
}

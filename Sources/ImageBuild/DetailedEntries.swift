internal import BuildModel
internal import Platform

/// Puts what files outside git have beyond what git keeps of them into the entries of one layer.
struct DetailedEntries {
    private let details: SourceDetails
    /// Where files with several names are in the layer, by their first names in the source.
    private var paths: [[UInt8]: [UInt8]] = [:]

    init(_ details: SourceDetails) { self.details = details }

    /// The entry with mode and attributes of the file or directory at a path of the source.
    func completed(_ entry: TarEntry, as source: [UInt8]) -> TarEntry {
        guard let found = details.entries[source] else { return entry }
        var entry = entry
        entry.mode = found.mode
        entry.attributes = found.attributes.map { ExtendedAttribute(name: $0.name, value: $0.value) }
        return entry
    }

    /// The path under which a file with several names is in the layer already; nil for the first of them that is let in, which
    /// takes the path.
    mutating func firstPath(of source: [UInt8], at path: [UInt8]) -> [UInt8]? {
        guard let name = details.entries[source]?.firstName else { return nil }
        if let first = paths[name] { return first }
        paths[name] = path
        return nil
    }
}

package import BuildModel

/// Reading YAML over libyaml's events. Bounded: a document of a tenant cannot make it grow or recurse without end.
package enum YAMLDocument {
    /// Levels of nesting at most.
    package static let maximumDepth = 64
    /// Nodes at most, counted again for every use of an alias.
    package static let maximumNodes = 200_000

    /// Parses the only document in `bytes`; an empty text is an empty mapping.
    ///
    /// - Parameter name: the file's name, for messages.
    /// - Throws: `BuildFailure` with code `invalid_yaml`: `name:line:column: reason`.
    package static func parse(_ bytes: [UInt8], name: String) throws(BuildFailure) -> YAMLNode {
        let events = try YAMLEventReader(bytes, name: name)
        var composer = YAMLComposer(events: events, name: name)
        return try composer.document(isAlone: true)
    }

    /// Parses the first document in `bytes`, as manifests of Kubernetes and settings of Spring may have several; what is behind it is not
    /// looked at.
    ///
    /// - Throws: as `parse`.
    package static func parseFirst(_ bytes: [UInt8], name: String) throws(BuildFailure) -> YAMLNode {
        let events = try YAMLEventReader(bytes, name: name)
        var composer = YAMLComposer(events: events, name: name)
        return try composer.document(isAlone: false)
    }

    /// Parses every document in `bytes`, in order; empty ones are left out.
    ///
    /// - Throws: as `parse`.
    package static func parseAll(_ bytes: [UInt8], name: String) throws(BuildFailure) -> [YAMLNode] {
        let events = try YAMLEventReader(bytes, name: name)
        var composer = YAMLComposer(events: events, name: name)
        return try composer.documents()
    }

    /// Parses the only document in `text`.
    package static func parse(_ text: String, name: String) throws(BuildFailure) -> YAMLNode {
        try parse(Array(text.utf8), name: name)
    }

    static func invalid(_ name: String, line: Int, column: Int, _ reason: String) -> BuildFailure {
        BuildFailure(
            .code,
            BuildFailure.Code(rawValue: "invalid_yaml"),
            operation: "yaml.parse",
            message: "\(name):\(line):\(column): \(reason)."
        )
    }
}

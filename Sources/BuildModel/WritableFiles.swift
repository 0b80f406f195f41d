/// Files of the source that the app may write to where it runs: they stay root's, and the app's group gets the right to write.
package struct WritableFiles: Sendable, Hashable {
    /// Relative to the source's root, as bytes.
    package let paths: Set<[UInt8]>
    /// The numeric group that the app runs with.
    package let group: UInt32

    /// - Parameter paths: relative to the source's root.
    package init(paths: [String], group: UInt32) {
        self.paths = Set(paths.map { Array($0.utf8) })
        self.group = group
    }

    /// What they are, for keys: paths in the order of their bytes.
    package var json: JSONValue {
        let names = paths.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
        return ["paths": .array(names.map { .string($0) }), "group": .integer(Int64(group))]
    }
}

extension BuildPlan {
    /// The plan's writable files of the source; nil if there are none.
    package var sourceWritableFiles: WritableFiles? {
        let prefix = applicationDirectory + "/"
        let paths = writableFiles.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        guard !paths.isEmpty, let group = user.split(separator: ":").last.flatMap({ UInt32($0) }) else { return nil }
        return WritableFiles(paths: paths, group: group)
    }
}

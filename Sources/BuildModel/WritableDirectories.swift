/// Directories of an image that the app may write to. They stay root's, as all that a build makes, so that later steps can write to them
/// too; the app's group gets the right to write.
package struct WritableDirectories: Sendable, Hashable, Codable {
    /// Absolute, each once.
    package var paths: [String]
    /// The numeric group that the app runs with.
    package var group: UInt32

    package init(paths: [String], group: UInt32) {
        self.paths = paths
        self.group = group
    }

    package var json: JSONValue {
        ["paths": .array(paths.map { .string($0) }), "group": .integer(Int64(group))]
    }
}

extension BuildPlan {
    /// The plan's writable directories with the group of its user; nil if there are none.
    package var writableDirectories: WritableDirectories? { Self.writable(writable, by: user) }

    /// - Parameter user: `uid:gid`.
    package static func writable(_ paths: [String], by user: String) -> WritableDirectories? {
        guard !paths.isEmpty, let group = user.split(separator: ":").last.flatMap({ UInt32($0) }) else { return nil }
        return WritableDirectories(paths: paths, group: group)
    }
}

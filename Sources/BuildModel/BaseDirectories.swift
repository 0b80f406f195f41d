/// The directories and symbolic links of a base image: they decide where a path in a layer leads, and what the directories above
/// a file look like.
package struct BaseDirectories: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        case directory(DirectoryHeader)
        /// A symbolic link with its target as it is written.
        case link(to: [UInt8])
    }

    /// By path, without a leading slash. The root itself is not among them.
    package var places: [[UInt8]: Place]

    package init(_ places: [[UInt8]: Place] = [:]) { self.places = places }

    /// Those of an image without layers.
    package static let none = BaseDirectories()
}

/// What a layer's header says of a directory.
package struct DirectoryHeader: Sendable, Hashable {
    /// An extended attribute: xattr(7).
    package struct Attribute: Sendable, Hashable {
        package var name: String
        package var value: [UInt8]

        package init(name: String, value: [UInt8]) { (self.name, self.value) = (name, value) }
    }

    /// Permission bits with setuid, setgid and sticky.
    package var mode: UInt32
    package var user: UInt32
    package var group: UInt32
    /// When it was changed, since 1970.
    package var seconds: Int64
    package var nanoseconds: Int64
    package var attributes: [Attribute]

    package init(
        mode: UInt32,
        user: UInt32 = 0,
        group: UInt32 = 0,
        seconds: Int64,
        nanoseconds: Int64 = 0,
        attributes: [Attribute] = []
    ) {
        self.mode = mode
        self.user = user
        self.group = group
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.attributes = attributes
    }
}

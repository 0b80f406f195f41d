/// What files and directories outside git have beyond what git keeps of them.
package struct SourceDetails: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        /// Permission bits with setuid, setgid and sticky.
        package var mode: UInt32
        /// Sorted by name.
        package var attributes: [DirectoryHeader.Attribute]
        /// Of a file with several names, the first of them in the order of their bytes; nil for a file with one.
        package var firstName: [UInt8]?

        package init(mode: UInt32, attributes: [DirectoryHeader.Attribute] = [], firstName: [UInt8]? = nil) {
            self.mode = mode
            self.attributes = attributes
            self.firstName = firstName
        }
    }

    /// By path, relative to the tree's root; without those that have nothing of the kind.
    package var entries: [[UInt8]: Entry]

    package init(_ entries: [[UInt8]: Entry] = [:]) { self.entries = entries }

    /// Those of a tree from git.
    package static let none = SourceDetails()
}

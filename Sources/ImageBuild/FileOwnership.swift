/// Who owns the files of a layer, by number: names would mean different people in different base images.
package struct FileOwnership: Sendable, Hashable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// `0:0`: the app, which never runs as root, can read its own code but not change it.
    package static let root = FileOwnership(user: 0, group: 0)
}

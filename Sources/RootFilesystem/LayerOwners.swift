internal import Platform

/// The ids that files of layers have on disk. Overlays of root map ids when they are mounted, so that images keep their own; in a
/// user namespace nothing can be mapped, and files have the very ids that steps run with.
struct LayerOwners: Sendable, Hashable {
    /// The owner on disk of what belongs to root in the image.
    let firstID: UInt32

    /// How many ids steps have, where they are not mapped; a step sees others as nobody's.
    private static let count: UInt32 = 65536
    private static let nobody: UInt32 = 65534

    /// What a directory has that no layer says anything of.
    var impliedDirectory: FileAttributes { onDisk(.impliedDirectory) }

    func onDisk(_ attributes: FileAttributes) -> FileAttributes {
        guard firstID > 0 else { return attributes }
        var attributes = attributes
        attributes.user = onDisk(attributes.user)
        attributes.group = onDisk(attributes.group)
        return attributes
    }

    private func onDisk(_ id: UInt32) -> UInt32 { firstID + (id < Self.count ? id : Self.nobody) }
}

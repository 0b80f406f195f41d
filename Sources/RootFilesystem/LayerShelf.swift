internal import BuildModel
internal import Platform

/// The directory of one unpacked layer, under its chain id: whole, or not there.
///
///     CHAIN/fs        the layer's files
///     CHAIN/state     what wrote it, in which boot of the system, and its size; touched when the layer is used
///     CHAIN/synced    the disk has all of it
///     CHAIN.partial   being unpacked, or being removed
///     locks/CHAIN     shared by those who use the layer, exclusive for those who make or remove it
struct LayerShelf: Sendable {
    let store: String
    let chainID: Digest
    let overlay: OverlayAttributes
    /// The owner on disk of what belongs to root in the layer.
    let firstID: UInt32

    var directory: String { "\(store)/\(chainID.hex)" }
    var files: String { directory + "/fs" }
    var lock: String { "\(store)/locks/\(chainID.hex)" }
    private var partial: String { directory + ".partial" }
    private var partialFiles: String { partial + "/fs" }

    /// Whether the layer is there and nothing of it can have been lost: the disk has it all, or the system has not been started
    /// again since it was written.
    func isWhole() -> Bool {
        guard let state = readState() else { return false }
        return Files.exists(directory + "/synced") || state.boot == SystemInformation.bootID
    }

    /// A shared lock on the layer; nil if it is not whole, or somebody is making or removing it.
    func shareIfWhole() throws(BuildFailure) -> FileLock? {
        guard isWhole(), let lock = try FileLock.attempt(lock, .shared) else { return nil }
        return isWhole() ? lock : nil
    }

    /// Says that the layer is used now.
    func touch() throws(BuildFailure) { try Files.touch(directory + "/state") }

    /// Makes the empty directory to unpack into.
    func begin() throws(BuildFailure) -> DirectoryHandle {
        try removeRemains()
        try Directories.create(partialFiles)
        return try DirectoryHandle(path: partialFiles)
    }

    /// Completes an unpacked layer on top of directories, topmost first, and gives it its place.
    func finish(
        _ notes: LayerNotes,
        onto others: [String],
        _ overlay: OverlayAttributes,
        cancellation: CancelFlag
    ) throws(BuildFailure) {
        var below: [DirectoryHandle] = []
        for path in others { below.append(try DirectoryHandle(path: path)) }
        let root = try DirectoryHandle(path: partialFiles)
        try LayerFinish(root: root, below: below, overlay: overlay, cancellation: cancellation).run(notes)
        try commit(bytes: notes.bytes)
    }

    /// Gives the unpacked layer its place, in one step.
    private func commit(bytes: Int64) throws(BuildFailure) {
        let state = "layer 1 \(form) \(SystemInformation.bootID) \(bytes)\n"
        try Files.writeInOneStep(Array(state.utf8), to: partial + "/state")
        try Files.rename(partial, to: directory)
    }

    /// Waits until the disk has the layer, and says so.
    func sync() throws(BuildFailure) {
        try Directories.syncFileSystem(of: directory)
        try Files.writeInOneStep([], to: directory + "/synced")
    }

    /// Takes the layer away; for whoever has the lock alone.
    func remove() throws(BuildFailure) {
        try removeRemains()
        if Directories.exists(directory) { try Files.rename(directory, to: partial) }
        try removeRemains()
    }

    /// What an interrupted unpacking or removal left.
    func removeRemains() throws(BuildFailure) { try Directories.remove(partial) }

    /// Bytes of the files, and when the layer was used last in nanoseconds since 1970; nil if it is not there.
    func usage() throws(BuildFailure) -> (bytes: Int64, lastUse: Int64)? {
        guard let state = readState() else { return nil }
        let file = try Directories.files(in: directory).first { $0.name == "state" }
        return file.map { (state.bytes, $0.modified) }
    }

    /// What has to be the same for another process to use the layer. In a user namespace owners follow from that.
    private var form: String {
        overlay == .trusted && firstID > 0 ? "\(overlay.rawValue)-\(firstID)" : overlay.rawValue
    }

    private func readState() -> (boot: String, bytes: Int64)? {
        // Whatever is wrong with it: the layer is unpacked again.
        guard let bytes = try? Files.read(directory + "/state", limit: 1024) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 5, words[0] == "layer", words[1] == "1", words[2] == form,
            let size = Int64(words[4])
        else { return nil }
        return (String(words[3]), size)
    }
}

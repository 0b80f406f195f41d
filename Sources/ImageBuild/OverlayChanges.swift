package import BuildModel
package import Platform

/// What a step has changed, as overlayfs left it: the upper directory, and what lies below it.
package struct OverlayChanges: Sendable {
    /// The upper directory, which nobody writes to any more.
    package var upper: String
    /// Topmost first.
    package var lowers: [String]
    package var overlay: OverlayAttributes
    /// The owner on disk that is root in the sandbox, and how many owners from there on are the sandbox's.
    package var firstID: UInt32
    package var idCount: UInt32
    /// Absolute paths in the sandbox: what goes into the layer, with everything in it. `/` is all.
    package var outputs: [String]
    /// Absolute paths in the sandbox that stay out, with everything in them: what the runtime made to mount something on.
    package var excluded: [String]
    /// Bytes of files that the layer may hold, one or many; what holes hide counts.
    package var maximumBytes: Int64
    /// What the app may write to: files below get its group, which may do what their owner may.
    package var writable: WritableDirectories?

    package init(
        upper: String,
        lowers: [String],
        overlay: OverlayAttributes = .trusted,
        firstID: UInt32 = 0,
        idCount: UInt32 = .max,
        outputs: [String],
        excluded: [String] = [],
        maximumBytes: Int64 = .max,
        writable: WritableDirectories? = nil
    ) {
        self.upper = upper
        self.lowers = lowers
        self.overlay = overlay
        self.firstID = firstID
        self.idCount = idCount
        self.outputs = outputs
        self.excluded = excluded
        self.maximumBytes = maximumBytes
        self.writable = writable
    }
}

/// The outputs of a step as a layer.
package struct CapturedChanges: Sendable {
    /// nil if nothing of the outputs was changed.
    package var layer: Layer?
    /// Outputs that are not there, neither changed nor in the layers below.
    package var missing: [String]
    /// What the layer cost.
    package var work: LayerWork
    /// What there was besides and no image can have, for people; nil if there was nothing of that.
    package var note: String?
}

extension LayerWriter {
    /// Writes what a step has changed below its outputs as a layer: files with owners, modes, links and attributes; deletions as
    /// whiteouts: OCI image spec, layer.md. Times are fixed, so that equal changes are equal layers.
    ///
    /// Directories that only lead to an output are in the layer as the step saw them. Sockets are left out and noted; attributes
    /// but `user.*` and file capabilities are left out. Blocks; memory does not grow with the layer but for names of hard links.
    ///
    /// - Throws: `BuildFailure`: `reserved_name`, `unsafe_path` or `limit_exceeded`, which name the file; `invalid_plan` for an output
    ///   that is no path; `cancelled`; `system`.
    package static func writeLayer(
        of changes: OverlayChanges,
        comment: String,
        settings: LayerSettings,
        cancellation: CancelFlag
    ) throws -> CapturedChanges {
        let stream = try LayerStream(settings, cancellation: cancellation)
        var capture = try ChangeCapture(changes, into: stream)
        let missing = try capture.run()
        let (layer, work) = try stream.finish(comment: comment)
        return CapturedChanges(
            layer: capture.entries > 0 ? layer : nil,
            missing: missing,
            work: work,
            note: capture.sockets.note
        )
    }
}

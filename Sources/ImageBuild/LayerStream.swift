internal import BuildModel
internal import Platform

/// Turns tar entries into a layer: encodes them and cuts the tar into members.
///
/// Where members are cut depends on the entries alone (`MemberCut`); large files have members of their own. Confined to the thread
/// that writes the layer.
final class LayerStream {
    private let pipeline: MemberPipeline
    private let cancellation: CancelFlag
    private var pending = MemberPlan()

    convenience init(_ settings: LayerSettings, cancellation: CancelFlag) throws(BuildFailure) {
        try self.init(MemberWindow(settings), cancellation: cancellation)
    }

    /// - Parameter window: shared with other layers, or the layer's own.
    init(_ window: MemberWindow, cancellation: CancelFlag) throws(BuildFailure) {
        pipeline = try MemberPipeline(window)
        self.cancellation = cancellation
    }

    /// Counts what the contents of entries have read.
    var reads: ReadCount { pipeline.reads }

    /// Appends an entry with the content that is at hand, if any.
    func append(_ entry: TarEntry, content: [UInt8] = []) throws {
        let before = pending.size
        pending.append(headerOf: entry)
        pending.append(content)
        pending.append(paddingAfter: entry.size)
        try endEntry(entry, identity: "", before: before)
    }

    /// Appends an entry whose content is read when it is needed.
    func append(_ entry: TarEntry, content: any EntryContent) throws {
        guard content.size < MemberCut.large else { return try appendLarge(entry, content: content) }
        let before = pending.size
        pending.append(headerOf: entry)
        pending.append(0..<content.size, of: content)
        pending.append(paddingAfter: entry.size)
        try endEntry(entry, identity: content.identity, before: before)
    }

    /// Appends a file that is on disk. A small one is read at once, so that few files are open.
    func append(_ entry: TarEntry, file: FileContent) throws {
        let content = FileEntryContent(path: entry.path, file: file, reads: reads)
        guard file.size < MemberCut.large else { return try append(entry, content: content) }
        try append(entry, content: try content.bytes())
    }

    /// Ends the archive and waits for its members.
    func finish(comment: String) throws -> (layer: Layer, work: LayerWork) {
        try end(comment: comment).finish()
    }

    /// Ends the archive.
    func end(comment: String) throws -> PendingLayer {
        pending.append(TarEncoder.end)
        try cut()
        return try pipeline.end(comment: comment)
    }

    private func appendLarge(_ entry: TarEntry, content: any EntryContent) throws {
        if pending.size > 0 { try cut() }
        try checkCancellation()
        var plans: [MemberPlan] = []
        var ranges: [Range<Int64>] = []
        var plan = MemberPlan()
        plan.append(headerOf: entry)
        var offset: Int64 = 0
        while offset < content.size {
            let end = min(content.size, offset + Int64(MemberCut.piece - plan.size))
            plan.append(offset..<end, of: content)
            ranges.append(offset..<end)
            offset = end
            if offset == content.size { plan.append(paddingAfter: entry.size) }
            plans.append(plan)
            plan = MemberPlan()
        }
        try pipeline.submit(plans, of: content, ranges, checkCancellation)
    }

    private func endEntry(_ entry: TarEntry, identity: String, before: Int) throws {
        let size = pending.size - before
        if MemberCut.follows(path: entry.path, identity: identity, size: size, pending: pending.size) { try cut() }
        try checkCancellation()
    }

    private func cut() throws {
        try checkCancellation()
        let member = pending
        pending = MemberPlan()
        try pipeline.submit(member)
    }

    func checkCancellation() throws(BuildFailure) {
        if cancellation.isSet { throw .cancelled(operation: "layer.write") }
    }
}

internal import BuildModel
internal import Platform

/// Turns tar entries into a layer: encodes them and cuts the tar into members.
///
/// Where members are cut depends on the entries alone (`MemberCut`); files of 1 MiB and more begin a member of their own and are
/// cut at every 1 MiB. Confined to the thread that writes the layer.
final class LayerStream {
    private let pipeline: MemberPipeline
    private let cancellation: CancelFlag
    private var pending = MemberPlan()

    init(_ settings: LayerSettings, cancellation: CancelFlag) throws(BuildFailure) {
        pipeline = try MemberPipeline(settings)
        self.cancellation = cancellation
    }

    /// Appends an entry with the content that is at hand, if any.
    func append(_ entry: TarEntry, content: [UInt8] = []) throws {
        let before = pending.size
        pending.append(TarEncoder.header(for: entry) + content + TarEncoder.padding(after: entry.size))
        try endEntry(entry, objectID: nil, before: before)
    }

    /// Appends a file of a tree.
    func append(_ entry: TarEntry, content file: TreeEntry, in tree: any SourceTree) throws {
        guard file.size < MemberCut.large else { return try appendLarge(entry, content: file, in: tree) }
        let before = pending.size
        pending.append(TarEncoder.header(for: entry))
        pending.append(0..<Int(file.size), of: file, in: tree)
        pending.append(TarEncoder.padding(after: entry.size))
        try endEntry(entry, objectID: file.objectID, before: before)
    }

    /// Ends the archive and waits for its members.
    func finish(comment: String) throws -> (layer: Layer, work: LayerWork) {
        pending.append(TarEncoder.end)
        try cut()
        return try pipeline.finish(comment: comment)
    }

    private func appendLarge(_ entry: TarEntry, content file: TreeEntry, in tree: any SourceTree) throws {
        if pending.size > 0 { try cut() }
        try checkCancellation()
        var plans: [MemberPlan] = []
        var plan = MemberPlan()
        plan.append(TarEncoder.header(for: entry))
        var offset = 0
        while offset < Int(file.size) {
            let end = min(Int(file.size), offset + MemberCut.large - plan.size)
            plan.append(offset..<end, of: file, in: tree)
            offset = end
            guard offset < Int(file.size) else { break }
            plans.append(plan)
            plan = MemberPlan()
        }
        plan.append(TarEncoder.padding(after: entry.size))
        try pipeline.submit(plans + [plan], of: file, in: tree)
    }

    private func endEntry(_ entry: TarEntry, objectID: ObjectID?, before: Int) throws {
        let size = pending.size - before
        if MemberCut.follows(path: entry.path, objectID: objectID, size: size, pending: pending.size) { try cut() }
        try checkCancellation()
    }

    private func cut() throws {
        try checkCancellation()
        let member = pending
        pending = MemberPlan()
        try pipeline.submit(member)
    }

    private func checkCancellation() throws(BuildFailure) {
        if cancellation.isSet { throw .cancelled(operation: "layer.write") }
    }
}

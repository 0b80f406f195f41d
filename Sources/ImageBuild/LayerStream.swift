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

    /// Appends a file that is on disk. A large one is read piece by piece.
    func append(_ entry: TarEntry, file: FileContent) throws {
        guard entry.size >= MemberCut.large else {
            let content = try Files.bytes(of: file)
            try checkSize(Int64(content.count), of: entry)
            return try append(entry, content: content)
        }
        if pending.size > 0 { try cut() }
        pending.append(TarEncoder.header(for: entry))
        var offset: Int64 = 0
        while offset < entry.size {
            let count = min(Int(entry.size - offset), MemberCut.large - pending.size)
            let piece = try Files.bytes(of: file, at: offset, count: count)
            try checkSize(offset + Int64(piece.count), of: entry, atLeast: offset + Int64(count))
            pending.append(piece)
            offset += Int64(count)
            if offset < entry.size { try cut() }
        }
        pending.append(TarEncoder.padding(after: entry.size))
        try cut()
    }

    /// The header has said a size by now.
    private func checkSize(_ size: Int64, of entry: TarEntry, atLeast wanted: Int64? = nil) throws(BuildFailure) {
        guard size == wanted ?? entry.size else {
            throw LayerFailure.changed(entry.path, promised: entry.size, size: Int(size))
        }
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

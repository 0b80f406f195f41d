internal import BuildModel
internal import Platform

/// Makes members on many threads, joins them in the order in which they came, and hashes both forms of the layer.
///
/// Confined to the thread that writes the layer. Holds at most twice as many members as there are threads, so memory
/// does not grow with the layer.
final class MemberPipeline {
    private struct Underway {
        var job: MemberJob
        var plan: MemberPlan
        var key: Digest?
    }

    private let processors: BlockingPool
    private let store: MemberStore?
    private let codec: String
    private let maker: MemberMaker
    private let spool: SpoolFile
    private let hasher = SHA256Hasher()
    private let tarHasher = SHA256Hasher()
    private var work = LayerWork()
    private var underway: [Underway] = []

    init(_ settings: LayerSettings) throws(BuildFailure) {
        processors = settings.processors
        store = settings.members
        codec = try settings.codec
        maker = MemberMaker(level: settings.level, store: settings.members)
        spool = try SpoolFile(in: settings.spoolDirectory)
    }

    deinit { for member in underway { member.job.abandon() } }

    /// Adds a member; waits for the oldest one if enough are underway. Files are only read if the member is not kept.
    func submit(_ plan: MemberPlan) throws {
        let key = key(of: plan)
        if let key, isKept(key) {
            try start(.recall(key: key, size: plan.size), plan, key)
        } else {
            try start(.compress(try plan.bytes(), key: key), plan, key)
        }
    }

    /// Adds the members of one file, which is read once, and only if one of them is not kept.
    func submit(_ plans: [MemberPlan], of entry: TreeEntry, in tree: any SourceTree) throws {
        let keys = plans.map(key(of:))
        let kept = keys.map { $0.map(isKept) ?? false }
        guard kept.contains(false) else {
            for plan in plans { try submit(plan) }
            return
        }
        try tree.withContent(of: entry, limit: entry.size) { content in
            for (index, plan) in plans.enumerated() {
                if kept[index] {
                    try submit(plan)
                } else {
                    try start(.compress(try plan.bytes(from: content), key: keys[index]), plan, keys[index])
                }
            }
        }
    }

    /// Waits for all members. The pipeline takes no more afterwards.
    func finish(comment: String) throws -> (layer: Layer, work: LayerWork) {
        while !underway.isEmpty { try joinFirst() }
        let descriptor = Descriptor(mediaType: MediaType.ociLayerGzip, digest: hasher.finalize(), size: spool.size)
        let layer = Layer(
            blob: ImageBlob(descriptor: descriptor, source: .local(spool)),
            diffID: tarHasher.finalize(),
            tarSize: work.bytes,
            comment: comment
        )
        return (layer, work)
    }

    private func key(of plan: MemberPlan) -> Digest? { store == nil ? nil : plan.key(codec: codec) }

    private func isKept(_ key: Digest) -> Bool { store?.has(key) ?? false }

    private func start(_ work: MemberMaker.Work, _ plan: MemberPlan, _ key: Digest?) throws {
        if underway.count >= 2 * processors.width { try joinFirst() }
        let job = MemberJob(work, maker: maker)
        underway.append(Underway(job: job, plan: plan, key: key))
        processors.submit { job.run() }
    }

    private func joinFirst() throws {
        let first = underway.removeFirst()
        let member = try first.job.join() ?? remake(first)
        tarHasher.update(member.tar)
        hasher.update(member.compressed)
        work.count(member)
        let result: Result<Void, BuildFailure> = unsafe member.compressed.withUnsafeBytes { buffer in
            Result { () throws(BuildFailure) in try unsafe spool.append(buffer) }
        }
        try result.get()
    }

    /// A member that was there a moment ago and was removed since, or is damaged.
    private func remake(_ lost: Underway) throws -> MemberMaker.Member {
        guard let member = try maker.make(.compress(try lost.plan.bytes(), key: lost.key)) else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "layer.compress",
                message: "A member of \(lost.plan.size) bytes was not compressed."
            )
        }
        return member
    }
}

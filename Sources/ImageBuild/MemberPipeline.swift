internal import BuildModel
internal import Platform

/// Makes members on many threads, joins them in the order in which they came, and hashes both forms of the layer.
///
/// Confined to the thread that writes the layer. Holds at most twice as many members as there are threads, so memory
/// does not grow with the layer. While a layer begins as an earlier one did, its members are copied, neither read nor inflated
/// nor hashed: the hashes' states at edges were kept as well.
final class MemberPipeline {
    private struct Planned {
        var plan: MemberPlan
        var key: Digest?
    }

    private enum EdgeStep {
        case keep(Digest)
        case takeUp(LayerEdge)
    }

    private struct Underway {
        var job: MemberJob
        var edge: EdgeStep?
    }

    private let processors: BlockingPool
    private let store: MemberStore?
    private let codec: String
    private let maker: MemberMaker
    private let spool: SpoolFile
    private var state = LayerEdge()
    private var work = LayerWork()
    private var underway: [Underway] = []
    private var chain = MemberChain()
    /// Members since the last edge, as long as the layer is the same as an earlier one up to there.
    private var stretch: [Planned]?

    init(_ settings: LayerSettings) throws(BuildFailure) {
        processors = settings.processors
        store = settings.members
        codec = try settings.codec
        maker = MemberMaker(settings.compression, store: settings.members)
        spool = try SpoolFile(in: settings.spoolDirectory)
        stretch = store == nil ? nil : []
    }

    deinit { for member in underway { member.job.abandon() } }

    /// Adds a member; waits for the oldest one if enough are underway. Contents are only read if the member is not kept.
    func submit(_ plan: MemberPlan) throws {
        let member = planned(plan)
        let edge = chain.append(member.key, size: plan.size)
        guard stretch != nil else { return try start(member, edge: edge) }
        stretch?.append(member)
        guard member.key != nil else { return try leaveStretch(edge: nil) }
        guard let edge else { return }
        if let state = keptEdge(edge), let members = stretch, members.allSatisfy(isKept) {
            stretch = []
            try copy(members, until: state)
        } else {
            try leaveStretch(edge: edge)
        }
    }

    /// Adds the members of one large content, which is read once from its front, and only if one of them is not kept.
    func submit(_ plans: [MemberPlan], of content: any EntryContent, partSizes: [Int]) throws {
        let members = plans.map(planned)
        guard !members.allSatisfy(isKept) else {
            for plan in plans { try submit(plan) }
            return
        }
        try leaveStretch(edge: nil)
        var (index, part): (Int, [UInt8]) = (0, [])
        try unsafe content.forEachPiece { piece in
            var piece = unsafe piece
            while piece.count > 0, index < members.count {
                if part.isEmpty { part.reserveCapacity(partSizes[index]) }
                let count = min(piece.count, partSizes[index] - part.count)
                unsafe part.append(contentsOf: piece[..<count])
                unsafe piece = UnsafeRawBufferPointer(rebasing: piece[count...])
                guard part.count == partSizes[index] else { continue }
                try submit(members[index], part: part)
                (index, part) = (index + 1, [])
            }
        }
    }

    /// Waits for all members. The pipeline takes no more afterwards.
    func finish(comment: String) throws -> (layer: Layer, work: LayerWork) {
        try leaveStretch(edge: nil)
        while !underway.isEmpty { try joinFirst() }
        let digest = state.hasher.finalize()
        let descriptor = Descriptor(mediaType: MediaType.ociLayerGzip, digest: digest, size: spool.size)
        let layer = Layer(
            blob: ImageBlob(descriptor: descriptor, source: .local(spool)),
            diffID: state.tarHasher.finalize(),
            tarSize: work.bytes,
            comment: comment
        )
        return (layer, work)
    }

    private func planned(_ plan: MemberPlan) -> Planned {
        Planned(plan: plan, key: store == nil ? nil : plan.key(codec: codec))
    }

    private func isKept(_ member: Planned) -> Bool { member.key.map { store?.has($0) ?? false } ?? false }

    private func keptEdge(_ key: Digest) -> LayerEdge? {
        store?.has(key) == true ? store?.member(for: key).flatMap(LayerEdge.init) : nil
    }

    private func submit(_ member: Planned, part: [UInt8]) throws {
        let edge = chain.append(member.key, size: member.plan.size)
        if let key = member.key, isKept(member) {
            try start(.recall(member.plan, key: key), edge: edge.map(EdgeStep.keep))
        } else {
            try start(.compressPart(part, member.plan, key: member.key), edge: edge.map(EdgeStep.keep))
        }
    }

    private func copy(_ members: [Planned], until state: LayerEdge) throws {
        for (index, member) in members.enumerated() {
            guard let key = member.key else { continue }
            try start(.copy(member.plan, key: key), edge: index == members.count - 1 ? .takeUp(state) : nil)
        }
    }

    /// From here on the layer differs from earlier ones, as far as is known: every member's tar is hashed.
    private func leaveStretch(edge: Digest?) throws {
        guard let members = stretch else { return }
        stretch = nil
        for (index, member) in members.enumerated() {
            try start(member, edge: index == members.count - 1 ? edge : nil)
        }
    }

    private func start(_ member: Planned, edge: Digest?) throws {
        let edge = edge.map(EdgeStep.keep)
        if let key = member.key, isKept(member) {
            try start(.recall(member.plan, key: key), edge: edge)
        } else {
            try start(.compress(member.plan, key: member.key), edge: edge)
        }
    }

    private func start(_ work: MemberMaker.Work, edge: EdgeStep?) throws {
        if underway.count >= 2 * processors.width { try joinFirst() }
        let job = MemberJob(work, maker: maker)
        underway.append(Underway(job: job, edge: edge))
        processors.submit { job.run() }
    }

    private func joinFirst() throws {
        let first = underway.removeFirst()
        let member = try first.job.join()
        work.count(member)
        try unsafe member.compressed.withUnsafeBytes { try unsafe spool.append($0) }
        if case .takeUp(let edge) = first.edge {
            guard edge.size == spool.size else { throw LayerFailure.edge(spool.size, kept: edge.size) }
            state = edge
            return
        }
        // What was copied is hashed by the edge that follows; until then nobody looks at the hashes.
        if let tar = member.tar {
            state.tarHasher.update(tar)
            state.hasher.update(member.compressed)
        }
        state.size = spool.size
        if case .keep(let key) = first.edge { store?.keep(state.bytes, for: key) }
    }
}

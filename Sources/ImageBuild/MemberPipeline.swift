internal import BuildModel
internal import Platform

/// Decides for each member of one layer whether it is made or recalled, and has that done.
///
/// Confined to the thread that writes the layer. While a layer begins as an earlier one did, its members are copied, neither read
/// nor inflated nor hashed: the hashes' states at edges were kept as well.
final class MemberPipeline {
    private struct Planned {
        var plan: MemberPlan
        var key: Digest?
    }

    private let window: MemberWindow
    private let store: MemberStore?
    private let sink: MemberSink
    let reads = ReadCount()
    private var chain = MemberChain()
    /// Members since the last edge, as long as the layer is the same as an earlier one up to there.
    private var stretch: [Planned]?

    init(_ window: MemberWindow) throws(BuildFailure) {
        self.window = window
        store = window.store
        sink = try window.makeSink()
        stretch = store == nil ? nil : []
    }

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
    ///
    /// - Parameters:
    ///   - ranges: of the content, one for each plan.
    ///   - check: called between members; what it throws ends it.
    func submit(
        _ plans: [MemberPlan],
        of content: any EntryContent,
        _ ranges: [Range<Int64>],
        _ check: () throws -> Void
    ) throws {
        let members = plans.map(planned)
        let lacking = Set(members.indices.filter { !isKept(members[$0]) })
        guard !lacking.isEmpty else {
            for plan in plans { try submit(plan) }
            return
        }
        try leaveStretch(edge: nil)
        let content = LargeContent(content, ranges, wanted: lacking)
        try window.prepare(content)
        for (index, member) in members.enumerated() {
            try check()
            let edge = chain.append(member.key, size: member.plan.size).map(MemberSink.EdgeStep.keep)
            if let key = member.key, !lacking.contains(index) {
                try start(.recall(member.plan, key: key), edge: edge)
            } else {
                try start(.compressPart(content, index, member.plan, key: member.key), edge: edge)
            }
        }
    }

    /// Ends the layer, whose last members may still be underway. The pipeline takes no more afterwards.
    func end(comment: String) throws -> PendingLayer {
        try leaveStretch(edge: nil)
        return PendingLayer(window: window, sink: sink, reads: reads, comment: comment)
    }

    private func planned(_ plan: MemberPlan) -> Planned {
        Planned(plan: plan, key: store == nil ? nil : plan.key(codec: window.codec))
    }

    private func isKept(_ member: Planned) -> Bool { member.key.map { store?.has($0) ?? false } ?? false }

    private func keptEdge(_ key: Digest) -> LayerEdge? {
        store?.has(key) == true ? store?.member(for: key).flatMap(LayerEdge.init) : nil
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
        let edge = edge.map(MemberSink.EdgeStep.keep)
        if let key = member.key, isKept(member) {
            try start(.recall(member.plan, key: key), edge: edge)
        } else {
            try start(.compress(member.plan, key: member.key), edge: edge)
        }
    }

    private func start(_ work: MemberMaker.Work, edge: MemberSink.EdgeStep?) throws {
        try window.start(work, edge: edge, for: sink)
    }
}

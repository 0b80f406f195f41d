internal import BuildModel
internal import Platform

/// Where the members of one layer end, in order: an output, and the hashes of both forms of the layer.
final class MemberSink {
    /// What happens to the hashes' states after a member.
    enum EdgeStep {
        case keep(Digest)
        case takeUp(LayerEdge)
    }

    private let store: MemberStore?
    private let output: any MemberOutput
    private let format: LayerFormat
    private var state = LayerEdge()
    private var expected = 0
    /// Compressed bytes so far.
    private var size: Int64 = 0
    private(set) var work = LayerWork()

    init(_ output: any MemberOutput, _ format: LayerFormat, store: MemberStore?) {
        self.output = output
        self.format = format
        self.store = store
    }

    var isComplete: Bool { expected == 0 }

    /// One more member will come.
    func expect() { expected += 1 }

    func take(_ member: MemberMaker.Member, edge: EdgeStep?) throws {
        expected -= 1
        work.count(member)
        try unsafe member.compressed.withUnsafeBytes { try unsafe output.append($0) }
        size += Int64(member.compressed.count)
        if case .takeUp(let edge) = edge {
            guard edge.size == size else { throw LayerFailure.edge(size, kept: edge.size) }
            state = edge
            return
        }
        // What was copied is hashed by the edge that follows; until then nobody looks at the hashes.
        if let tar = member.tar {
            state.tarHasher.update(tar)
            state.hasher.update(member.compressed)
        }
        state.size = size
        if case .keep(let key) = edge { store?.keep(state.bytes, for: key) }
    }

    /// The layer, once all members have come.
    func layer(comment: String) -> Layer {
        let descriptor = Descriptor(
            mediaType: format.mediaType,
            digest: state.hasher.finalize(),
            size: size
        )
        return Layer(
            blob: ImageBlob(descriptor: descriptor, source: .local(output.content)),
            diffID: state.tarHasher.finalize(),
            tarSize: work.bytes,
            comment: comment
        )
    }
}

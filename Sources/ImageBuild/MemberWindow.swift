internal import BuildModel
internal import Platform

/// The members of one or several layers while they are made on many threads: joined in the order in which they came.
///
/// Layers that share a window follow one another without a pause: members of the next one are made while the last ones of the
/// one before are not through. Confined to the thread that writes the layers. Holds a bounded number of members, so memory does
/// not grow with the layers.
final class MemberWindow {
    private struct Underway {
        var job: MemberJob
        /// Bytes of tar.
        var size: Int
        var edge: MemberSink.EdgeStep?
        var sink: MemberSink
    }

    let store: MemberStore?
    let codec: String
    private let maker: MemberMaker
    private let processors: BlockingPool
    private let spoolDirectory: String
    private let format: LayerFormat
    private let output: LayerOutput
    /// Members at most, and their bytes of tar. Sizes differ by up to eight times: the others go on while the first is a large one.
    private let (width, limit): (Int, Int)
    private var underway: [Underway] = []
    private var size = 0
    /// Contents that may be held whole.
    private var held: [LargeContent] = []

    init(_ settings: LayerSettings) throws(BuildFailure) {
        store = settings.members
        codec = try settings.codec
        maker = MemberMaker(settings, store: settings.members)
        processors = settings.processors
        spoolDirectory = settings.spoolDirectory
        format = settings.format
        output = settings.output
        width = 2 * settings.processors.width + 8
        limit = max(16 << 20, (settings.processors.width + 2) << 21)
    }

    deinit { for member in underway { member.job.abandon() } }

    func makeSink() throws(BuildFailure) -> MemberSink {
        try MemberSink(output.open(in: spoolDirectory), format, store: store)
    }

    /// Has a content that is held whole read at once, beside the members that are underway: its own then wait for nothing. Waits for
    /// the oldest ones if that were too much memory, with the contents that are held already.
    func prepare(_ content: LargeContent) throws {
        guard content.heldBytes > 0 else { return }
        while !underway.isEmpty, size + heldBytes() + content.heldBytes > limit + limit / 2 { try joinFirst() }
        held.append(content)
        // Of a layer that is given up meanwhile nobody holds it any more.
        processors.submit(isFirst: true) { [weak content] in content?.prepare() }
    }

    private func heldBytes() -> Int {
        held.removeAll { $0.heldBytes == 0 }
        return held.reduce(0) { $0 + $1.heldBytes }
    }

    /// Starts the making of a member; waits for the oldest one if enough are underway.
    func start(_ work: MemberMaker.Work, edge: MemberSink.EdgeStep?, for sink: MemberSink) throws {
        while underway.count >= width || size >= limit { try joinFirst() }
        let job = MemberJob(work, maker: maker)
        sink.expect()
        size += work.plan.size
        underway.append(Underway(job: job, size: work.plan.size, edge: edge, sink: sink))
        processors.submit { job.run() }
    }

    /// Waits until a layer has all its members.
    func join(_ sink: MemberSink) throws {
        while !sink.isComplete, !underway.isEmpty { try joinFirst() }
    }

    private func joinFirst() throws {
        let first = underway.removeFirst()
        size -= first.size
        try first.sink.take(try first.job.join(), edge: first.edge)
    }
}

package import BuildModel

/// A layer all of whose entries are known, while its last members may still be made. Confined to the thread that writes it.
package final class PendingLayer {
    private let window: MemberWindow
    private let sink: MemberSink
    private let reads: ReadCount
    private let comment: String

    init(window: MemberWindow, sink: MemberSink, reads: ReadCount, comment: String) {
        self.window = window
        self.sink = sink
        self.reads = reads
        self.comment = comment
    }

    /// Whether `finish` returns at once.
    package var isComplete: Bool { sink.isComplete }

    /// Waits for the layer's members. To be called once.
    ///
    /// - Throws: what reading or packing threw.
    package func finish() throws -> (layer: Layer, work: LayerWork) {
        try window.join(sink)
        var work = sink.work
        work.readBytes = reads.total
        return (sink.layer(comment: comment), work)
    }
}

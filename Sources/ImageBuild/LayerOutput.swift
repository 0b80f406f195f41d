internal import BuildModel
internal import Platform

/// Where the compressed bytes of a layer go as they are made.
package struct LayerOutput: Sendable {
    private enum Place {
        /// A file without a name, in the settings' directory.
        case spool
        /// Whoever reads meanwhile.
        case pipe(LayerPipe, run: Int)
    }

    private let place: Place

    /// They are kept.
    package static let spool = LayerOutput(place: .spool)

    static func pipe(_ pipe: LayerPipe, run: Int) -> LayerOutput { LayerOutput(place: .pipe(pipe, run: run)) }

    private init(place: Place) { self.place = place }

    func open(in directory: String) throws(BuildFailure) -> any MemberOutput {
        switch place {
        case .spool: try SpoolFile(in: directory)
        case .pipe(let pipe, let run): PipeOutput(pipe: pipe, run: run)
        }
    }
}

/// Takes members in their order.
protocol MemberOutput {
    func append(_ bytes: UnsafeRawBufferPointer) throws
    /// What was appended, once that is all.
    var content: any BlobContent { get }
}

extension SpoolFile: MemberOutput {
    var content: any BlobContent { self }
}

private struct PipeOutput: MemberOutput {
    let pipe: LayerPipe
    let run: Int

    var content: any BlobContent { pipe }

    func append(_ bytes: UnsafeRawBufferPointer) throws { try unsafe pipe.append(bytes, run: run) }
}

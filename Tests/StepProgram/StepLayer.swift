import BuildModel
import Glibc
import ImageBuild
import Platform
import Sandbox

/// What a step has left of its outputs, as the worker makes a layer of it.
enum StepLayer {
    private static let threads = BlockingPool(label: "step.layer", width: 1)

    /// Writes a tar in gzip, or an empty file where nothing was changed; and beside it, as `PATH.files`, lines of the numbers and names
    /// of all files that were changed: a running overlay shows links that are one file on disk as two.
    static func write(_ outcome: StepOutcome, of order: StepOrder, to path: String) async throws {
        let changes = OverlayChanges(
            upper: outcome.upperDirectory,
            lowers: order.lowers,
            overlay: SystemInformation.isRoot ? .trusted : .user,
            firstID: outcome.idBase,
            idCount: 65_536,
            outputs: order.step.outputs.map(\.path)
        )
        let settings = LayerSettings(
            processors: BlockingPool(label: "step.members", width: 1),
            spoolDirectory: order.scratch
        )
        let files = try numbers(below: outcome.upperDirectory, as: "").joined(separator: "\n")
        try Files.writeAtomically(Array(files.utf8), to: "\(path).files")
        try await threads.run {
            let captured = try LayerWriter.writeLayer(
                of: changes,
                comment: "step",
                settings: settings,
                cancellation: CancelFlag()
            )
            guard case .local(let content)? = captured.layer?.blob.source else {
                return try Files.writeAtomically([], to: path)
            }
            try Files.writeAtomically(try Files.bytes(of: content), to: path)
        }
    }

    private static func numbers(below directory: String, as name: String) throws -> [String] {
        try Directories.list(directory).flatMap { entry in
            let (path, shown) = ("\(directory)/\(entry)", "\(name)/\(entry)")
            var status = stat()
            guard lstat(path, &status) == 0 else { return [String]() }
            guard status.st_mode & S_IFMT == S_IFDIR else { return ["\(status.st_ino) \(shown)"] }
            return try numbers(below: path, as: shown)
        }
    }
}

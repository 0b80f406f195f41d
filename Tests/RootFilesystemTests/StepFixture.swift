import BuildModel
import ImageBuild
import Platform
import TestSupport

/// A base, and a step that changes it in an overlay.
struct StepFixture {
    let scratch: Scratch
    var lower: String { scratch("lower") }
    var upper: String { scratch("upper") }
    var work: String { scratch("work") }

    init() throws {
        scratch = try Scratch(in: "/var/tmp")
        for directory in [lower, upper, work, scratch("merged")] { try Directories.create(directory) }
    }

    static func settings(in directory: String) -> LayerSettings {
        LayerSettings(processors: BlockingPool(label: "test.layers", width: 2), spoolDirectory: directory)
    }

    /// Runs a program in the base itself.
    func prepare(_ words: [String]) async throws { try await Command.output(words, in: lower) }

    func prepare(_ script: String) async throws { try await prepare(["bash", "-ec", script]) }

    /// Runs a program in the overlay, whose changes stay in the upper directory.
    func step(_ words: [String]) async throws {
        let options = "lowerdir=\(lower),upperdir=\(upper),workdir=\(work),redirect_dir=off,metacopy=off,index=off"
        let script = #"mount -t overlay overlay -o "$0" "$1" && cd "$1" && shift && exec "$@""#
        try await Command.output(
            ["unshare", "-m", "--propagation", "private", "bash", "-c", script, options, scratch("merged")] + words
        )
    }

    func step(_ script: String) async throws { try await step(["bash", "-ec", script]) }

    func capture(
        _ outputs: [String],
        excluding excluded: [String] = [],
        firstID: UInt32 = 0,
        idCount: UInt32 = .max,
        maximumBytes: Int64 = .max,
        maximumBlobBytes: Int64 = 1 << 30,
        writable: WritableDirectories? = nil
    ) throws -> CapturedChanges {
        let changes = OverlayChanges(
            upper: upper,
            lowers: [lower],
            firstID: firstID,
            idCount: idCount,
            outputs: outputs,
            excluded: excluded,
            maximumBytes: maximumBytes,
            writable: writable
        )
        var settings = Self.settings(in: scratch.path)
        settings.maximumBlobBytes = maximumBlobBytes
        return try LayerWriter.writeLayer(
            of: changes,
            comment: "step",
            settings: settings,
            cancellation: CancelFlag()
        )
    }

    /// The layer as an uncompressed tar.
    func tar(_ captured: CapturedChanges) async throws -> [UInt8] {
        guard let layer = captured.layer, case .local(let content) = layer.blob.source else { return [] }
        return try await Command.output(["gzip", "-dc"], input: try Files.bytes(of: content)).output
    }

    /// The layer's entries as GNU tar lists them: mode, owners, size and path.
    func listing(_ captured: CapturedChanges) async throws -> [String] {
        let words = ["tar", "-tvf", "-", "--numeric-owner"]
        let lines = try await Command.output(words, input: try await tar(captured)).lines
        return lines.map { line in
            // Without the time, which is always the same.
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            return (parts.prefix(3) + parts.dropFirst(5)).joined(separator: " ")
        }
    }
}

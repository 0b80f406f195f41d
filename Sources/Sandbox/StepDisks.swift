internal import BuildModel
internal import Platform
internal import Synchronization

/// Disks for steps. Attaching one takes the kernel longer than all else that a step needs before its command, so that the next one is
/// made before there is a step that waits for it; it is held by its descriptor alone and leaves nothing when this process ends.
final class StepDisks: Sendable {
    private enum Spare {
        case none
        /// Somebody may wait for it.
        case making(bytes: Int64, for: CheckedContinuation<StepDisk?, Never>?)
        case ready(bytes: Int64, StepDisk)
    }

    private let blanks: EmptyDisks
    private let spare = Mutex(Spare.none)
    private static let makers = BlockingPool(label: "sandbox.disks", width: 4)

    init(directory: String) {
        blanks = EmptyDisks(directory: directory)
    }

    /// A disk with room for `bytes`, nobody else's.
    func take(bytes: Int64) async throws -> StepDisk {
        if let spare = await takeSpare(bytes) { return spare }
        let (path, directory) = (try await blanks.path(bytes: bytes), blanks.directory)
        return try await Self.makers.run { try StepDisk(copying: path, in: directory) }
    }

    /// Removes what nobody asked for in a month.
    func tidy() async throws { try await blanks.tidy() }

    /// Makes one for the next step, if none is there. A failure is the next step's to find.
    func prepare(bytes: Int64) async {
        let isFree = spare.withLock { spare in
            if case .making = spare { return false }
            if case .ready(bytes, _) = spare { return false }
            spare = .making(bytes: bytes, for: nil)
            return true
        }
        guard isFree else { return }
        guard let path = try? await blanks.path(bytes: bytes) else { return give(nil, bytes: bytes) }
        let directory = blanks.directory
        Self.makers.submit { [self] in give(try? StepDisk(copying: path, in: directory), bytes: bytes) }
    }

    /// To whoever waits for it, else to the next who comes.
    private func give(_ made: StepDisk?, bytes: Int64) {
        let waiting: CheckedContinuation<StepDisk?, Never>? = spare.withLock { spare in
            guard case .making(_, let waiting?) = spare else {
                spare = made.map { .ready(bytes: bytes, $0) } ?? .none
                return nil
            }
            spare = .none
            return waiting
        }
        waiting?.resume(returning: made)
    }

    /// Whether a disk of that size waits for its step.
    func hasSpare(bytes: Int64) -> Bool {
        spare.withLock { spare in
            if case .ready(bytes, _) = spare { return true }
            return false
        }
    }

    /// The one that is there, or will be in a moment and is nobody's yet.
    private func takeSpare(_ bytes: Int64) async -> StepDisk? {
        await withCheckedContinuation { continuation in
            let ready: StepDisk?? = spare.withLock { spare in
                switch spare {
                case .ready(bytes, let disk):
                    spare = .none
                    return .some(disk)
                case .making(bytes, nil):
                    spare = .making(bytes: bytes, for: continuation)
                    return nil
                default: return .some(nil)
                }
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}

internal import BuildModel
internal import Glibc
internal import Platform

/// The right to 65536 ids of the node, and to a name, held while a step runs. The lock goes on in the helper, so that nobody else gets the ids
/// before the last thing of the step is gone, also when the worker was killed.
final class IdentityLease: Sendable {
    /// The number of the range; what the step leaves in the system is named by it.
    let number: Int
    /// The host's id of the step's id 0.
    let base: UInt32
    /// The lock's descriptor.
    let descriptor: Int32

    init(number: Int, base: UInt32, descriptor: Int32) {
        self.number = number
        self.base = base
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// What the step's control groups are called.
    var groupName: String { "r\(number)" }
}

/// The ids that this node gives to steps, cut into ranges.
struct IdentityRanges: Sendable {
    /// Where the locks are.
    let directory: String
    let range: IdentityRange
    /// Whether all steps have the first ids of the range, and only names of their own.
    var isShared = false

    private static let mostShared = 1024

    /// How many steps can run at once.
    var count: Int { isShared ? Self.mostShared : Int(range.count / Self.width) }

    static let width: UInt32 = 65536

    /// Between two looks at the locks: other processes give them back without telling.
    private static let pause = Duration.milliseconds(50)

    /// A range that nobody uses, waited for while steps have all of them: a node may have fewer than it runs builds.
    ///
    /// - Parameters:
    ///   - limit: how long to wait at most.
    ///   - whenBusy: called once if there is something to wait for, with the number of ranges.
    /// - Throws: `BuildFailure` when all were taken for so long, retryable, or the directory cannot be used; `CancellationError`.
    func take(limit: Duration, whenBusy: (Int) -> Void) async throws -> IdentityLease {
        try Directories.create(directory)
        let deadline = Deadline(after: limit)
        var isTold = false
        while true {
            for number in 0..<count {
                if let lease = try lease(number) { return lease }
            }
            if !isTold { whenBusy(count) }
            isTold = true
            guard !deadline.hasPassed else { throw Self.exhausted(count) }
            try await Task.sleep(for: Self.pause)
        }
    }

    private static func exhausted(_ count: Int) -> BuildFailure {
        .sandbox(
            "All \(count) ranges of ids were in use on this node for too long; sandbox.subordinateIDs can name more.",
            isRetryable: true
        )
    }

    /// The range with this number, unless somebody has it.
    func lease(_ number: Int) throws(BuildFailure) -> IdentityLease? {
        let path = "\(directory)/range-\(number).lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw .system(errno: errno, operation: "sandbox.identities", message: "Cannot open the lock '\(path)'.")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        let base = range.start + (isShared ? 0 : UInt32(number) * Self.width)
        return IdentityLease(number: number, base: base, descriptor: descriptor)
    }
}

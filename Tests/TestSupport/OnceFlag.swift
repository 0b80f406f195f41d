internal import Synchronization

/// A flag that goes up once.
final class OnceFlag: Sendable {
    private let flag = Mutex(false)

    /// Sets the flag and returns what it was.
    func exchange(_ value: Bool) -> Bool {
        flag.withLock { flag in
            defer { flag = value }
            return flag
        }
    }
}

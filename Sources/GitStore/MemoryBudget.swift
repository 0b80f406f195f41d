internal import BuildModel
internal import CGit2
internal import Glibc

/// How much memory libgit2 may hold for one piece of work on one thread.
///
/// The library holds deltas and what they make whole, all names that a server tells, and every object that is looked at; a few
/// hundred bytes from a server can ask for any amount of it. Past the limit it gets none, and the call fails as it does when
/// the system has no more.
@safe
struct MemoryBudget {
    private var used = 0
    private let limit: Int
    private(set) var isExceeded = false

    private init(limit: Int) { self.limit = limit }

    /// Enough for the deltas of files of half a GiB, above which git makes none, and for the index of five million objects.
    static let standard = 2 << 30

    /// Runs `body` with at most `limit` bytes for what the library allocates in it. Within another budget, that one counts.
    static func limit<Value>(_ limit: Int, _ body: () throws -> Value) rethrows -> Value {
        guard unsafe current == nil else { return try body() }
        var budget = MemoryBudget(limit: limit)
        return try unsafe withUnsafeMutablePointer(to: &budget) { pointer in
            unsafe pthread_setspecific(key, pointer)
            defer { pthread_setspecific(key, nil) }
            return try body()
        }
    }

    /// Whether the work of this thread was refused memory.
    static var isExceeded: Bool { unsafe current?.pointee.isExceeded ?? false }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let error = unsafe pthread_key_create(&key, nil)
        precondition(error == 0, "no thread-specific key is left")
        return key
    }()

    private static var current: UnsafeMutablePointer<MemoryBudget>? {
        unsafe pthread_getspecific(key)?.assumingMemoryBound(to: MemoryBudget.self)
    }

    /// Lives as long as the process, as the library wants it; written once, before the library is used.
    private nonisolated(unsafe) static let allocator = UnsafeMutablePointer<git_allocator>.allocate(capacity: 1)

    /// Makes the library ask here for its memory.
    static func install() throws(LibraryError) {
        try LibraryError.check(
            unsafe slipway_git_set_allocator(
                allocator,
                { size, _, _ in unsafe MemoryBudget.allocate(size) },
                { memory, size, _, _ in unsafe MemoryBudget.reallocate(memory, size) },
                { memory in unsafe MemoryBudget.release(memory) }
            )
        )
    }

    private static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        guard let budget = unsafe current else { return unsafe malloc(size) }
        // A size that is negative here is one of over 2^63 bytes.
        guard size >= 0, unsafe budget.pointee.admits(size), let memory = unsafe malloc(size) else { return nil }
        unsafe budget.pointee.used += slipway_git_usable_size(memory)
        return unsafe memory
    }

    private static func reallocate(_ old: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        guard let budget = unsafe current else { return unsafe realloc(old, size) }
        let before = unsafe slipway_git_usable_size(old)
        guard size >= 0, unsafe budget.pointee.admits(size - before), let memory = unsafe realloc(old, size) else {
            return nil
        }
        unsafe budget.pointee.used += slipway_git_usable_size(memory) - before
        return unsafe memory
    }

    private static func release(_ memory: UnsafeMutableRawPointer?) {
        if let budget = unsafe current { unsafe budget.pointee.used -= slipway_git_usable_size(memory) }
        unsafe free(memory)
    }

    /// What was allocated elsewhere and is freed here may make `used` negative; it counts for nothing then.
    private mutating func admits(_ size: Int) -> Bool {
        guard size > limit - max(used, 0) else { return true }
        isExceeded = true
        return false
    }
}

extension MemoryBudget {
    /// As `limit`, for reading: what fails for want of memory is the code's fault, and no damage.
    static func limitReading<Value>(_ what: String, _ body: () throws -> Value) throws -> Value {
        try limit(standard) {
            do {
                return try body()
            } catch {
                throw isExceeded ? exceeded(what) : error
            }
        }
    }

    private static func exceeded(_ what: String) -> BuildFailure {
        BuildFailure(
            .code,
            .limitExceeded,
            operation: "git.read",
            message:
                "Reading \(what) takes more than \(standard >> 20) MiB of memory; its largest files or directories are too"
                + " large."
        )
    }
}

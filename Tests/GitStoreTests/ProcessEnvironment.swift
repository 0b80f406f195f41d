import Glibc

/// Environment variables of the test process.
enum ProcessEnvironment {
    /// Sets a variable while `body` runs. For suites that run one test at a time.
    static func with(_ name: String, _ value: String, _ body: () async throws -> Void) async throws {
        let old = getenv(name).map { String(cString: $0) }
        setenv(name, value, 1)
        defer {
            if let old { setenv(name, old, 1) } else { unsetenv(name) }
        }
        try await body()
    }
}

internal import CShims
internal import Glibc

/// Facts about this process and node.
package enum SystemInformation {
    /// Processors that this process may use.
    package static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Whether this process may do what root of the system may.
    package static var isRoot: Bool { ProcessRights.current == .root }

    package static var processID: Int32 { getpid() }

    /// Whose rights this process has.
    package static var effectiveUserID: UInt32 { geteuid() }

    package static var effectiveGroupID: UInt32 { getegid() }

    /// The node's name, as `hostname` prints it.
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return buffer.text
    }

    /// Milliseconds since 1970.
    package static var currentMilliseconds: Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// Nanoseconds of a clock that goes on while the machine sleeps or this process is stopped.
    package static var bootNanoseconds: Int64 { slipway_boottime_nanoseconds() }

    /// Microseconds of the clock that service managers compare by (CLOCK_MONOTONIC).
    static var monotonicMicroseconds: Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }

    /// What tells this run of the system from those before it: proc_sys_kernel(5), `random/boot_id`.
    package static let bootID: String = {
        let bytes = (try? Files.read(kernelFile: "/proc/sys/kernel/random/boot_id")) ?? []
        return String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
    }()

    /// Tells this program from any other, older and newer ones of the same name too: what is kept for it alone has this in its key.
    package static let programIdentity: String = {
        var status = stat()
        // Where nobody can tell, nothing is the same twice.
        guard unsafe stat("/proc/self/exe", &status) == 0 else { return "unknown \(UInt64.random(in: 0 ... .max))" }
        let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }.joined(separator: " ")
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(times)"
    }()

    /// Whether the descriptor is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// An environment variable.
    package static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Every environment variable.
    package static var environmentVariables: [String: String] {
        var variables: [String: String] = [:]
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let parts = unsafe String(cString: entry).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            unsafe next += 1
        }
        return variables
    }

    /// Gives memory that was used and is free back to the system: a worker that builds now and then stays small in between.
    package static func returnFreeMemory() { slipway_trim_memory() }

    /// Has all threads share as many heaps as there are processors, two at least. glibc gives each thread one of its own, up to eight for each
    /// processor, and what one thread freed is then of no use to the others: see "Peak memory" in docs/benchmarks.md.
    ///
    /// To be called before there are other threads.
    package static func shareHeaps() { slipway_limit_heaps(Int32(clamping: max(2, processorCount))) }

    /// Whether an error number says that whoever read a pipe is gone.
    package static func isBrokenPipe(_ error: Int32) -> Bool { error == EPIPE }

    /// The system's words for an error number.
    package static func words(ofError error: Int32) -> String { unsafe String(cString: strerror(error)) }

    /// Ends the process at once with `code`.
    package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

    /// Raises the limit on open files to what the system allows, and lets writes to closed sockets fail instead of killing the process.
    package static func prepareProcess() {
        _ = slipway_raise_open_files()
        signal(SIGPIPE, SIG_IGN)
    }
}

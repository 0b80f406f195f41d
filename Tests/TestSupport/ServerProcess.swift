internal import BuildModel
internal import CShims
internal import Glibc
internal import Platform

/// A server that a test started: a child that ends when the test stops it, when its last reference goes, and also when the
/// test process dies in any way, because a watcher between the two ends it when the pipe to the test process closes.
package final class ServerProcess: Sendable {
    /// The server's own process id, for signals.
    package let processID: Int32
    package let logPath: String
    private let watcher: Int32
    private let leash: Int32

    /// The watcher: starts the server, waits for the leash to break, then asks it to end and, after five seconds, makes it.
    ///
    /// The number of a server that ended long ago may be another process' by now: it is the server's as long as that is its child.
    private static let watch = """
        log=$1; pidfile=$2; shift 2
        runs() { grep -q "^PPid:[^0-9]*$$\\$" /proc/$server/status 2>/dev/null; }
        "$@" >"$log" 2>&1 </dev/null &
        server=$!
        echo $server >"$pidfile.new"; mv "$pidfile.new" "$pidfile"
        cat >/dev/null
        runs && kill -TERM $server 2>/dev/null
        tries=0
        while runs && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries+1)); done
        runs && kill -KILL $server 2>/dev/null
        wait $server 2>/dev/null
        """

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments. It has to stay in the foreground.
    ///   - log: the file that gets its output.
    ///   - environment: set in addition to this process's own.
    package init(_ words: [String], log: String, environment: [String: String] = [:]) async throws {
        let pidFile = "\(log).pid"
        var ends: [Int32] = [0, 0]
        guard slipway_pipe(&ends) == 0 else {
            throw CommandFailed(description: "cannot make a pipe: errno \(errno)")
        }
        leash = ends[1]
        watcher = try Self.spawn(
            ["/bin/sh", "-c", Self.watch, "watch", log, pidFile] + words,
            standardInput: ends[0],
            environment: environment
        )
        close(ends[0])
        logPath = log
        processID = try await eventually("\(words.first ?? "") was started") {
            guard let bytes = try? Files.read(pidFile) else { return nil }
            return Int32(String(decoding: bytes.filter { $0 != 10 }, as: UTF8.self))
        }
    }

    deinit { stop() }

    /// Whether the server's process is there.
    package var isRunning: Bool {
        let status = (try? Files.read(kernelFile: "/proc/\(processID)/status")) ?? []
        return String(decoding: status, as: UTF8.self).contains("\nPPid:\t\(watcher)\n")
    }

    /// What the server has written so far.
    package var log: String { (try? Files.read(logPath)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// Sends a signal to the server itself.
    package func signal(_ number: Int32) { if isRunning { kill(processID, number) } }

    /// Ends the server and waits for it; harmless when it has ended. Only the first call does anything.
    package func stop() {
        guard stopped.exchange(true) == false else { return }
        close(leash)
        var status: Int32 = 0
        while waitpid(watcher, &status, 0) < 0 && errno == EINTR {}
    }

    private let stopped = OnceFlag()

    private static func spawn(
        _ words: [String],
        standardInput: Int32,
        environment: [String: String]
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
        // The pool's threads block most signals, and a child would inherit that: it could not be asked to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let arguments = words.map { strdup($0) } + [nil]
        let variables = (inherited(without: environment) + environment.map { "\($0)=\($1)" }).map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var child: pid_t = 0
        let error = posix_spawn(&child, words[0], &actions, &attributes, arguments, variables)
        guard error == 0 else { throw CommandFailed(description: "cannot start \(words): errno \(error)") }
        return child
    }

    private static func inherited(without replaced: [String: String]) -> [String] {
        var variables: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if replaced[String(text.prefix { $0 != "=" })] == nil { variables.append(text) }
            next += 1
        }
        return variables
    }
}

internal import BuildModel
internal import CSandbox
internal import Glibc
internal import Platform

/// A started `slipway-sandbox` and this process's ends of what joins the two.
struct HelperProcess: Sendable {
    let processID: Int32
    /// The SOCK_SEQPACKET socket; the helper ends the step when it closes.
    let control: Int32
    /// The reading end of the step's output.
    let output: Int32

    /// Starts the helper. What `stream` holds is written by whoever calls `feed`, so that this does not wait.
    ///
    /// The launch's lease is held by the helper until nothing of the step is left.
    ///
    /// - Returns: the process and the descriptor that takes the stream.
    /// - Throws: `BuildFailure` when it cannot be started.
    static func start(_ launch: StepLaunch) throws(BuildFailure)
        -> (process: HelperProcess, input: Int32)
    {
        var control: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        var input: [Int32] = [-1, -1]
        guard unsafe slipway_control_pair(&control) == 0, makePipe(&output), makePipe(&input) else {
            let error = errno
            for descriptor in control + output + input where descriptor >= 0 { close(descriptor) }
            throw .system(errno: error, operation: "sandbox.start", message: "Cannot make the pipes of a step.")
        }
        defer { for descriptor in [control[1], output[1], input[0]] { close(descriptor) } }
        do {
            let given =
                [output[1], output[1], control[1], input[0], launch.lease.descriptor]
                + [launch.disk?.descriptor].compactMap { $0 }
            let process = try spawn([launch.helper] + launch.arguments, given.enumerated().map { ($1, Int32($0 + 1)) })
            return (HelperProcess(processID: process, control: control[0], output: output[0]), input[1])
        } catch {
            for descriptor in [control[0], output[0], input[1]] { close(descriptor) }
            throw error
        }
    }

    private static func makePipe(_ ends: inout [Int32]) -> Bool { unsafe slipway_step_pipe(&ends) == 0 }

    static func spawn(_ words: [String], _ inherited: [(from: Int32, to: Int32)]) throws(BuildFailure) -> Int32 {
        // Copies above the numbers that are given away, so that no duplication overwrites the source of another.
        let sources = inherited.map { slipway_duplicate($0.from, 32) }
        defer { for source in sources where source >= 0 { close(source) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (source, target) in zip(sources, inherited) {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, target.to)
        }
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        let variables = unsafe [strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let error = unsafe posix_spawn(&process, words[0], &actions, nil, arguments, variables)
        guard error == 0 else {
            throw .system(errno: error, operation: "sandbox.start", message: "Cannot start '\(words[0])'.")
        }
        return process
    }

    /// Gives the helper its stream and closes the descriptor. Waits for the reader, so it is no call for the cooperative pool.
    static func feed(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            if count < 0 { break }
            written += count
        }
        close(descriptor)
    }

    /// Tells the helper to end the step at once.
    func kill() { unsafe send(control, "kill", 4, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
}

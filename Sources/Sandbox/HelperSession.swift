internal import CSandbox
internal import Dispatch
internal import Glibc
internal import Platform
internal import Synchronization

/// Listens to a helper and to the step's output until both have ended, on a queue of its own.
///
/// `@unchecked Sendable` is sound: after `init`, everything but `kill` happens on the queue, and `kill` and
/// the socket's close exclude each other.
final class HelperSession: @unchecked Sendable {
    /// What the helper says, in order; ends when helper and output have.
    let messages: AsyncStream<HelperMessage>

    private let process: HelperProcess
    private let queue = DispatchQueue(label: "sandbox.step")
    private let sink: AsyncStream<HelperMessage>.Continuation
    private let control: DescriptorEvents
    private let output: DescriptorEvents
    private let lines: StepLines
    private var buffer = [UInt8](repeating: 0, count: 65536)
    private var open = 2
    private var isReading = false
    /// Whether somebody will look at a line that has not ended.
    private var isAwaited = false
    /// Whether the control socket may still be written to: whoever kills does not wait for the queue, which a step that never stops
    /// writing keeps busy.
    private let isControlOpen = Mutex(true)

    init(_ process: HelperProcess, lines: StepLines) {
        self.process = process
        self.lines = lines
        (messages, sink) = AsyncStream.makeStream()
        control = DescriptorEvents(process.control, .reading, queue: queue)
        output = DescriptorEvents(process.output, .reading, queue: queue)
        _ = fcntl(process.output, F_SETFL, O_NONBLOCK)
        control.setHandlers(ready: { self.readControl() }) {
            self.isControlOpen.withLock { $0 = false }
            self.ended(process.control)
        }
        output.setHandlers(ready: { self.outputEvent() }, released: { self.ended(process.output) })
        control.resume()
        output.resume()
    }

    /// Ends the step at once; harmless when it has ended.
    func kill() { isControlOpen.withLock { if $0 { process.kill() } } }

    private func readControl() {
        while !control.isCancelled {
            var descriptors: [Int32] = [-1, -1]
            let count = unsafe slipway_receive(process.control, &buffer, UInt(buffer.count), &descriptors)
            if count == -Int(EAGAIN) || count == -Int(EINTR) { return }
            guard count > 0 else { return control.cancel() }
            let text = String(decoding: buffer[0..<count], as: UTF8.self)
            if let message = HelperMessage(text, descriptors: (descriptors[0], descriptors[1])) { sink.yield(message) }
        }
    }

    /// Begins to read, unless that goes on already.
    private func outputEvent() {
        guard !isReading else { return }
        isReading = true
        readOutput()
    }

    /// One buffer, then whatever else waits for the queue, then the next one.
    private func readOutput() {
        guard !output.isCancelled else { return }
        let count = unsafe read(process.output, &buffer, buffer.count)
        let error = errno
        if count > 0 {
            lines.add(buffer[0..<count])
            awaitLineEnd()
        }
        if count > 0 || (count < 0 && error == EINTR) {
            queue.async { self.readOutput() }
        } else if count == 0 || error != EAGAIN {
            lines.end()
            output.cancel()
        } else {
            isReading = false
        }
    }

    /// A line that has begun is shown when nothing has come for a while.
    private func awaitLineEnd() {
        guard lines.isLineOpen, !isAwaited else { return }
        isAwaited = true
        let additions = lines.additions
        queue.asyncAfter(deadline: .now() + Self.openLineSeconds) { [self] in
            isAwaited = false
            guard !output.isCancelled, lines.isLineOpen else { return }
            guard lines.additions == additions else { return awaitLineEnd() }
            lines.showOpenLine()
        }
    }

    private static let openLineSeconds = 2.0

    private func ended(_ descriptor: Int32) {
        close(descriptor)
        open -= 1
        guard open == 0 else { return }
        var status: Int32 = 0
        while unsafe waitpid(process.processID, &status, 0) < 0 && errno == EINTR {}
        sink.finish()
    }
}

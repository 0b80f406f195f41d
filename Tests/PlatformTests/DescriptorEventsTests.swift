import Dispatch
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@Suite("Events of descriptors")
struct DescriptorEventsTests {
    /// What handlers have seen.
    private final class Seen: Sendable {
        let events = Mutex(0)
        let isReleased = Mutex(false)
    }

    private let queue = DispatchQueue(label: "test.descriptors")

    private func pair() -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        return (ends[0], ends[1])
    }

    private func listen(
        _ descriptor: Int32,
        _ direction: DescriptorEvents.Direction,
        _ seen: Seen
    ) -> DescriptorEvents {
        let events = DescriptorEvents(descriptor, direction, queue: queue)
        events.setHandlers(
            ready: { seen.events.withLock { $0 += 1 } },
            released: {
                seen.isReleased.withLock { $0 = true }
                close(descriptor)
            }
        )
        events.resume()
        return events
    }

    @Test("come when there is something to read, and not before")
    func reading() async throws {
        let (here, there) = pair()
        defer { close(there) }
        let seen = Seen()
        let events = listen(here, .reading, seen)
        try await Task.sleep(for: .milliseconds(50))
        #expect(seen.events.withLock { $0 } == 0)
        #expect(write(there, "x", 1) == 1)
        try await eventually("an event") { seen.events.withLock { $0 } > 0 }
        events.cancel()
        #expect(events.isCancelled)
        try await eventually("the release") { seen.isReleased.withLock { $0 } }
    }

    @Test("come when the other side is gone", arguments: [DescriptorEvents.Direction.reading, .writing])
    func hangUp(_ direction: DescriptorEvents.Direction) async throws {
        let (here, there) = pair()
        if direction == .writing { fill(here) }
        let seen = Seen()
        let events = listen(here, direction, seen)
        try await Task.sleep(for: .milliseconds(50))
        #expect(seen.events.withLock { $0 } == 0)
        close(there)
        try await eventually("an event") { seen.events.withLock { $0 } > 0 }
        events.cancel()
        try await eventually("the release") { seen.isReleased.withLock { $0 } }
    }

    @Test("come when there is room to write")
    func writing() async throws {
        let (here, there) = pair()
        defer { close(there) }
        fill(here)
        let seen = Seen()
        let events = listen(here, .writing, seen)
        try await Task.sleep(for: .milliseconds(50))
        #expect(seen.events.withLock { $0 } == 0)
        var buffer = [UInt8](repeating: 0, count: 65536)
        while recv(there, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0 {}
        try await eventually("an event") { seen.events.withLock { $0 } > 0 }
        events.cancel()
        try await eventually("the release") { seen.isReleased.withLock { $0 } }
    }

    @Test("leave nothing behind when they are over")
    func release() async throws {
        let (here, there) = pair()
        defer { close(there) }
        let seen = Seen()
        var events: DescriptorEvents? = listen(here, .reading, seen)
        let weakly = Weakly(events)
        events?.cancel()
        events = nil
        try await eventually("the release") { seen.isReleased.withLock { $0 } }
        try await eventually("the end of the object") { weakly.object == nil }
    }

    private struct Weakly {
        weak var object: DescriptorEvents?

        init(_ object: DescriptorEvents?) { self.object = object }
    }

    /// Given to Dispatch itself, they end the process within some hundred.
    @Test("survive pipes whose writers go away, one after another")
    func manyHangUps() async throws {
        let scratch = try Scratch()
        let ended = await withTaskGroup(of: Int.self) { group in
            for lane in 0..<4 {
                let pipes = Pipes(path: scratch("pipe.\(lane)"), queue: DispatchQueue(label: "test.lane.\(lane)"))
                group.addTask { await withCheckedContinuation { pipes.next(0, $0) } }
            }
            return await group.reduce(0, +)
        }
        #expect(ended == 4 * Pipes.count)
    }

    /// Pipes that are waited for on one queue, one after another, while somebody else closes the other end.
    private struct Pipes {
        static let count = 250
        let path: String
        let queue: DispatchQueue

        func next(_ number: Int, _ done: CheckedContinuation<Int, Never>) {
            guard number < Self.count, let (reader, writer) = pipe() else { return done.resume(returning: number) }
            let events = DescriptorEvents(reader, .reading, queue: queue)
            events.setHandlers(ready: { drain(reader, events) }) {
                close(reader)
                queue.async { next(number + 1, done) }
            }
            events.resume()
            if number.isMultiple(of: 2) { _ = write(writer, "x", 1) }
            DispatchQueue.global().async { close(writer) }
        }

        /// A named one, whose ends are closed in programs that other tests start meanwhile.
        private func pipe() -> (Int32, Int32)? {
            guard mkfifo(path, 0o600) == 0 else { return nil }
            defer { unlink(path) }
            let ends = (open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), open(path, O_WRONLY | O_CLOEXEC))
            return ends.0 >= 0 && ends.1 >= 0 ? ends : nil
        }

        private func drain(_ reader: Int32, _ events: DescriptorEvents) {
            var buffer = [UInt8](repeating: 0, count: 64)
            while true {
                let count = read(reader, &buffer, buffer.count)
                if count == 0 { events.cancel() }
                if count <= 0 { return }
            }
        }
    }

    private func fill(_ descriptor: Int32) {
        let bytes = [UInt8](repeating: 1, count: 65536)
        while send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
}

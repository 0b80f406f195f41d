internal import Dispatch
internal import Glibc

/// SIGTERM and SIGINT as values: how often the process was asked to stop.
package enum TerminationSignals {
    /// 1 with the first signal, 2 with the second, and so on; never ends. Takes over both signals from their default action.
    package static func requests() -> AsyncStream<Int> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        let queue = DispatchQueue(label: "slipway.signals")
        let counter = Counter()
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(counter.next()) }
            source.activate()
            return SendableSource(source)
        }
        continuation.onTermination = { _ in sources.forEach { $0.source.cancel() } }
        return stream
    }

    /// Counts on the one queue that delivers signals; `@unchecked` is sound because nothing else calls it.
    private final class Counter: @unchecked Sendable {
        private var count = 0

        func next() -> Int {
            count += 1
            return count
        }
    }

    /// Dispatch sources may be cancelled from any thread; the protocol just does not say so.
    private struct SendableSource: @unchecked Sendable {
        let source: any DispatchSourceSignal

        init(_ source: any DispatchSourceSignal) { self.source = source }
    }
}

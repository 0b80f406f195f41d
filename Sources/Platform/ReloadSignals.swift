internal import Dispatch
internal import Glibc

/// SIGHUP as values: somebody wants the configuration read anew.
package enum ReloadSignals {
    /// One element for each signal, several that come at once as one; never ends. Takes the signal over from its default
    /// action, which would end the process.
    package static func requests() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "slipway.reload"))
        source.setEventHandler { continuation.yield() }
        source.activate()
        let owned = CancellableSource(source)
        continuation.onTermination = { _ in owned.source.cancel() }
        return stream
    }

    /// Dispatch sources may be cancelled from any thread; the protocol just does not say so.
    private struct CancellableSource: @unchecked Sendable {
        let source: any DispatchSourceSignal

        init(_ source: any DispatchSourceSignal) { self.source = source }
    }
}

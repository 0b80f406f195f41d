internal import CShims
package import Dispatch
internal import Glibc

/// Tells a queue when a descriptor can be read from, or written to. Begins suspended, as Dispatch's own sources do.
///
/// Dispatch is not given the descriptor: on Linux it frees what it keeps of one whose other side is gone while its own thread still looks at
/// it, which ends the process by SIGSEGV (swift-corelibs-libdispatch#949). It gets an epoll(7) instance that has the descriptor in it,
/// which is readable while the descriptor is ready, and never hangs up itself.
///
/// `@unchecked Sendable` is sound: sources may be used from any thread, the protocol just does not say so, and nothing else is kept.
package final class DescriptorEvents: @unchecked Sendable {
    /// What a descriptor is waited for.
    package enum Direction: Sendable {
        case reading
        case writing
    }

    private let source: any DispatchSourceProtocol
    /// The epoll instance, or negative.
    private let instance: Int32

    /// - Parameters:
    ///   - descriptor: not owned; it stays open until `released` has run.
    ///   - queue: where the handlers run.
    package init(_ descriptor: Int32, _ direction: Direction, queue: DispatchQueue) {
        instance = slipway_watch(descriptor, direction == .writing ? 1 : 0)
        // Without a descriptor for the instance, an event is worth more than the risk.
        let watched = instance >= 0 ? instance : descriptor
        source =
            if instance < 0, direction == .writing {
                DispatchSource.makeWriteSource(fileDescriptor: watched, queue: queue)
            } else {
                DispatchSource.makeReadSource(fileDescriptor: watched, queue: queue)
            }
    }

    /// To be called once, before `resume`. Handlers are let go of after `released`.
    ///
    /// - Parameters:
    ///   - ready: runs again and again while the descriptor is ready, which it is when the other side is gone, too.
    ///   - released: runs once after `cancel`: nothing looks at the descriptor any more.
    package func setHandlers(ready: @escaping @Sendable () -> Void, released: @escaping @Sendable () -> Void) {
        source.setEventHandler(handler: ready)
        source.setCancelHandler { [instance] in
            if instance >= 0 { close(instance) }
            released()
        }
    }

    package func resume() { source.resume() }

    /// Each call needs a `resume` of its own; a suspended source runs neither handler.
    package func suspend() { source.suspend() }

    /// No event begins after it; harmless when repeated.
    package func cancel() { source.cancel() }

    package var isCancelled: Bool { source.isCancelled }
}

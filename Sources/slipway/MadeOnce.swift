import Synchronization

/// Something that is made when it is first asked for, and then kept.
final class MadeOnce<Value: Sendable>: Sendable {
    private let make: @Sendable () throws -> Value
    private let made = Mutex<Value?>(nil)

    init(_ make: @escaping @Sendable () throws -> Value) {
        self.make = make
    }

    /// Whoever asks while it is made waits for it. What could not be made is tried again.
    func value() throws -> Value {
        try made.withLock { made in
            if let made { return made }
            let value = try make()
            made = value
            return value
        }
    }

    /// nil if nobody has asked yet.
    var ifMade: Value? { made.withLock { $0 } }
}

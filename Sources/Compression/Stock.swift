package import BuildModel
internal import Synchronization

/// Tools that are not in use, so that not every use pays for a new one.
package final class Stock<Tool: Sendable>: Sendable {
    private let idle = Mutex<[Tool]>([])
    private let make: @Sendable () throws(BuildFailure) -> Tool

    package init(_ make: @escaping @Sendable () throws(BuildFailure) -> Tool) {
        self.make = make
    }

    /// Lends a tool to `body`, which has it to itself.
    package func lend<Value>(_ body: (Tool) throws(BuildFailure) -> Value) throws(BuildFailure) -> Value {
        let tool = if let used = idle.withLock({ $0.popLast() }) { used } else { try make() }
        defer { idle.withLock { $0.append(tool) } }
        return try body(tool)
    }
}

extension Stock where Tool == Deflater {
    /// Compressors of one level.
    ///
    /// - Parameter level: one of libdeflate's.
    package convenience init(level: Int) {
        self.init { () throws(BuildFailure) in try Deflater(level: level) }
    }
}

extension Stock where Tool == Inflater {
    /// Decompressors.
    package convenience init() {
        self.init { () throws(BuildFailure) in try Inflater() }
    }
}

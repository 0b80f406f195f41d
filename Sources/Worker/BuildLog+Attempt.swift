internal import BuildModel

extension BuildLog {
    /// Does what saves time alone: a failure is told, and ends nothing.
    ///
    /// - Returns: nil after a failure.
    @discardableResult
    func attempt<Value>(_ what: String, _ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            say("\(what): \(error)", .assembling)
            return nil
        }
    }
}

internal import Glibc

/// A descriptor that takes whole lines.
package struct LineOutput: Sendable {
    private let descriptor: Int32

    /// - Parameter descriptor: stays open for as long as lines are written; not owned.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes `line` and a line end.
    ///
    /// - Returns: 0, or the error number. For a log, that it cannot be written is no reason to stop.
    @discardableResult
    package func write(_ line: String) -> Int32 { writeRaw(line + "\n") }

    /// Writes `text` as it is: for progress lines that are overwritten.
    @discardableResult
    package func writeRaw(_ text: String) -> Int32 {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return errno }
            written += count
        }
        return 0
    }
}

internal import Glibc

/// A descriptor that takes whole lines.
package struct LineOutput: Sendable {
    private let descriptor: Int32

    /// - Parameter descriptor: stays open for as long as lines are written; not owned.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes `line` and a line end. A log that cannot be written is no reason to stop, so errors are passed over.
    package func write(_ line: String) { writeRaw(line + "\n") }

    /// Writes `text` as it is: for progress lines that are overwritten.
    package func writeRaw(_ text: String) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            written += count
        }
    }
}

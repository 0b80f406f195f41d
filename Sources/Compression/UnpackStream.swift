/// Unpacks a compressed stream piece by piece. Streams may follow one another: each ends, and the next begins after `reset`.
package protocol UnpackStream: AnyObject {
    /// Whether the stream's end was reached and its checksum was right.
    var isAtEnd: Bool { get }

    /// Makes ready for another stream of the same format.
    func reset()

    /// Unpacks from the front of `input` into the front of `output`, until one of them is used up or the stream ends.
    ///
    /// - Returns: bytes read and written; nil if the stream is damaged.
    func inflate(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> (read: Int, written: Int)?
}

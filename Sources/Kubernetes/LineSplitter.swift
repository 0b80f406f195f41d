internal import BuildModel
internal import Synchronization

/// Cuts a stream of bytes into lines of bounded length.
final class LineSplitter: Sendable {
    private let limit: Int
    private let take: @Sendable ([UInt8]) -> Void
    private let rest = Mutex<[UInt8]>([])

    /// - Parameters:
    ///   - limit: the most bytes of a line.
    ///   - take: gets every line that has ended, without its end.
    init(limit: Int, take: @escaping @Sendable ([UInt8]) -> Void) {
        self.limit = limit
        self.take = take
    }

    /// - Throws: `BuildFailure` with code `limit_exceeded` when a line grows too long.
    func add(_ bytes: RawSpan) throws(BuildFailure) {
        let (lines, isTooLong) = rest.withLock { rest -> ([[UInt8]], Bool) in
            bytes.withUnsafeBytes { rest.append(contentsOf: $0) }
            guard rest.contains(UInt8(ascii: "\n")) else { return ([], rest.count > limit) }
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
            rest = lines.popLast() ?? []
            return (lines, rest.count > limit)
        }
        lines.forEach(take)
        guard isTooLong else { return }
        throw BuildFailure(
            .platform,
            .limitExceeded,
            operation: "kubernetes.watch",
            message: "The cluster sent an object of more than \(limit) bytes."
        )
    }
}

/// How large the pieces of a blob are that goes in several: the distribution spec leaves it to the client, and hosts have limits both ways.
enum ChunkSize {
    /// What is known to pass somewhere: Cloudflare, ECR, GHCR, nginx as it comes, and less.
    private static let usual: [Int64] = [95_000_000, 10 << 20, 4 << 20, 1 << 20, 256 << 10, 64 << 10]
    /// ECR takes 4,200.
    private static let parts: Int64 = 4000

    /// What ECR takes, the most particular of those that want chunks: 10 MiB each, and more where that would need too many.
    static func first(for size: Int64) -> Int64 { max(10 << 20, size / parts) }

    /// What another blob taught of a host. A blob that would need too many of these goes in larger ones: who takes few parts takes
    /// large ones, and anybody else says that they are too large.
    static func learned(_ bytes: Int64, for size: Int64) -> Int64 { max(bytes, (size + parts - 1) / parts) }

    /// What is tried after a refusal: after a whole blob the next of the usual sizes; after a piece the half of it, or more if that is
    /// known to pass.
    ///
    /// - Parameter learned: what passed at this host before, if that is known.
    /// - Returns: nil where there is no sense in less.
    static func smaller(than refused: Int64, isWhole: Bool, learned: Int64?) -> Int64? {
        if isWhole { return usual.first { $0 < refused } }
        let half = refused / 2
        let between = (usual + [learned].compactMap { $0 }).filter { half < $0 && $0 < refused }
        guard let next = between.max() ?? (half < 64 << 10 ? nil : half) else { return nil }
        return next
    }
}

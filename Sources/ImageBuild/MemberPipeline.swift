internal import BuildModel
internal import Platform

/// Compresses members on many threads and joins them in the order in which they came.
///
/// Confined to the thread that writes the layer. Holds at most twice as many members as there are threads, so memory
/// does not grow with the layer.
final class MemberPipeline {
    private let processors: BlockingPool
    private let stock: DeflaterStock
    private let spool: SpoolFile
    private let hasher = SHA256Hasher()
    private var underway: [MemberJob] = []

    init(_ settings: LayerSettings) throws(BuildFailure) {
        processors = settings.processors
        stock = DeflaterStock(level: settings.level)
        spool = try SpoolFile(in: settings.spoolDirectory)
    }

    deinit { for job in underway { job.abandon() } }

    /// Adds a member; waits for the oldest one if enough are underway.
    func submit(_ bytes: [UInt8]) throws(BuildFailure) {
        if underway.count >= 2 * processors.width { try joinFirst() }
        let job = MemberJob(bytes, stock: stock)
        underway.append(job)
        processors.submit { job.run() }
    }

    /// Waits for all members. The pipeline takes no more afterwards.
    ///
    /// - Returns: the compressed bytes and their digest.
    func finish() throws(BuildFailure) -> (content: SpoolFile, digest: Digest) {
        while !underway.isEmpty { try joinFirst() }
        return (spool, hasher.finalize())
    }

    private func joinFirst() throws(BuildFailure) {
        let member = try underway.removeFirst().join()
        hasher.update(member)
        let result: Result<Void, BuildFailure> = unsafe member.withUnsafeBytes { buffer in
            Result { () throws(BuildFailure) in try unsafe spool.append(buffer) }
        }
        try result.get()
    }
}

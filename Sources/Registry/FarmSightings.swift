internal import BuildModel
internal import Synchronization

/// In which repositories the nodes of a farm saw blobs.
///
/// Only a hint, so that no failure of the memory gets out of here: after one it is left in peace for a while, for every blob of a push
/// would wait for it. Two nodes that tell of one blob at once may lose a word.
final class FarmSightings: Sendable {
    private struct Told {
        var repository: String
        var at: ContinuousClock.Instant
    }

    private struct State {
        var restsUntil: ContinuousClock.Instant?
        /// What this process told last, by keys.
        var told: [Digest: Told] = [:]
    }

    /// A process tells the same again after this: the farm forgets, and others correct it.
    private static let news = Duration.seconds(86_400)
    private static let rest = Duration.seconds(30)
    /// Keys of which a process knows that it has told.
    private static let limit = 100_000

    private let memory: any DigestMemory
    private let state = Mutex(State())

    init(_ memory: any DigestMemory) {
        self.memory = memory
    }

    /// The repositories where a blob was seen, the latest first.
    func places(of key: Digest) async -> [String] {
        await asking { Self.places(in: try await self.memory.recall(key)) } ?? []
    }

    /// Tells that a repository has the blob.
    func see(_ key: Digest, in repository: String) async {
        guard isNews(repository, of: key) else { return }
        let isTold: Void? = await asking {
            let known = Self.places(in: try await self.memory.recall(key))
            guard known.first != repository else { return }
            try await self.keep([repository] + known.filter { $0 != repository }, for: key)
        }
        if isTold != nil { note(repository, of: key) }
    }

    /// A repository turned out not to have the blob, or not to give it.
    func forget(_ key: Digest, in repository: String) async {
        state.withLock { $0.told[key] = nil }
        await asking {
            let known = Self.places(in: try await self.memory.recall(key))
            guard known.contains(repository) else { return }
            try await self.keep(known.filter { $0 != repository }, for: key)
        }
    }

    private func keep(_ places: [String], for key: Digest) async throws {
        guard !places.isEmpty else { return try await memory.forget(key) }
        try await memory.remember(places.prefix(BlobSightings.repositories).joined(separator: " "), for: key)
    }

    /// Names of repositories have no space in them.
    private static func places(in text: String?) -> [String] {
        let names = (text ?? "").split(separator: " ").map(String.init).filter { ImageReference.isRepository($0) }
        return Array(names.prefix(BlobSightings.repositories))
    }

    private func isNews(_ repository: String, of key: Digest) -> Bool {
        guard let told = state.withLock({ $0.told[key] }) else { return true }
        return told.repository != repository || told.at.duration(to: .now) > Self.news
    }

    private func note(_ repository: String, of key: Digest) {
        state.withLock { state in
            if state.told.count >= Self.limit { state.told = [:] }
            state.told[key] = Told(repository: repository, at: .now)
        }
    }

    /// Nil while the memory is not to be asked, and when it failed.
    @discardableResult
    private func asking<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async -> Answer? {
        let now = ContinuousClock.now
        guard state.withLock({ $0.restsUntil.map { $0 <= now } ?? true }) else { return nil }
        do {
            return try await body()
        } catch {
            // A push that was cancelled says nothing of the memory.
            if !Task.isCancelled { state.withLock { $0.restsUntil = ContinuousClock.now + Self.rest } }
            return nil
        }
    }
}

package import BuildModel
internal import Platform
internal import Synchronization

/// Remembers the digests of layers by what determines them, in a journal that all processes of a node share.
///
/// A remembered layer costs neither reading nor compressing: a registry that has it is told its digest. Its bytes are made again
/// only where they are lacking.
package final class LayerMemo: Sendable {
    /// Makes a layer anew.
    package typealias Make = @Sendable (LayerOutput) async throws -> Layer

    /// About 50,000 layers.
    private static let limit: Int64 = 16 << 20
    /// In place of a record: the layer is not to be trusted any more.
    private static let nothing = "-"

    /// In front of a note.
    private static let noteMark: Substring = "="

    private struct State {
        var records: [Digest: LayerRecord] = [:]
        /// Cuts of trees and of projects, as texts.
        var texts: [Digest: String] = [:]
    }

    private let journal: Journal
    private let state = Mutex(State())
    /// What the other nodes know.
    let farm: (any DigestMemory)?

    /// - Parameters:
    ///   - directory: an existing directory; the journal in it is made at first use.
    ///   - farm: asked for what this node does not know, and told what it made.
    package init(in directory: String, farm: (any DigestMemory)? = nil) {
        journal = Journal(path: "\(directory)/layers.journal", limit: Self.limit)
        self.farm = farm
    }

    /// The layer with a key, if it was ever remembered; its blob's bytes are deferred.
    ///
    /// - Parameters:
    ///   - comment: what the image's history says of it.
    ///   - make: makes the layer anew, into an output. If it then has other bytes than are remembered, the content throws
    ///     `corrupted` and names both codecs, and the memo forgets the layer.
    /// - Throws: `BuildFailure` with code `system` if the journal cannot be read.
    package func layer(
        for key: LayerKey,
        comment: String,
        making make: @escaping Make
    ) throws(BuildFailure) -> Layer? {
        try catchUp()
        guard let record = state.withLock({ $0.records[key.digest] }) else { return nil }
        let descriptor = Descriptor(
            mediaType: LayerFormat(codec: record.codec).mediaType,
            digest: record.digest,
            size: record.size
        )
        let remaking = LayerRemaking(memo: self, record: record, key: key, make: make)
        return Layer(
            blob: ImageBlob(descriptor: descriptor, source: .deferred(remaking.content)),
            diffID: record.diffID,
            tarSize: record.tarSize,
            comment: comment
        )
    }

    /// Remembers a layer that was just made.
    ///
    /// - Throws: `BuildFailure` with code `system` if the journal cannot be written.
    package func remember(_ layer: Layer, for key: LayerKey) throws(BuildFailure) {
        try journal.append("\(key.digest.hex) \(LayerRecord(layer, codec: key.codec).text)")
    }

    /// A word that was remembered under a key: where a tree or a project is cut.
    ///
    /// - Throws: `BuildFailure` with code `system` if the journal cannot be read.
    package func note(for key: Digest) throws(BuildFailure) -> String? {
        try catchUp()
        return state.withLock { $0.texts[key] }
    }

    /// Remembers a word, which has no space in it, in place of an earlier one.
    ///
    /// - Throws: `BuildFailure` with code `system` if the journal cannot be written.
    package func remember(note: String, for key: Digest) throws(BuildFailure) {
        try journal.append("\(key.hex) \(Self.noteMark) \(note)")
    }

    /// What is remembered under a key, as a line of the journal has it behind the key; nil if nothing is.
    func value(for key: Digest) throws(BuildFailure) -> String? {
        try catchUp()
        return state.withLock { state in
            state.records[key].map(\.text) ?? state.texts[key].map { "\(Self.noteMark) \($0)" }
        }
    }

    /// Remembers what `value(for:)` gave; says no to anything else.
    func adopt(_ value: String, for key: Digest) async throws -> Bool {
        let words = value.split(separator: " ", omittingEmptySubsequences: false)
        let isNote = words.count == 2 && words[0] == Self.noteMark && !words[1].isEmpty
        guard isNote || LayerRecord(words: words) != nil, !value.contains(where: \.isNewline) else { return false }
        try await journal.append("\(key.hex) \(value)")
        return true
    }

    /// Forgets a layer, here and in the farm.
    func forget(_ key: LayerKey) async throws {
        try await journal.append("\(key.digest.hex) \(Self.nothing)")
        try? await farm?.forget(key.digest)
    }

    /// Takes in what this and other processes have appended.
    private func catchUp() throws(BuildFailure) {
        // Within the lock: of two that read at once, none may look before the other has put down what it read.
        try state.withLock { (state) throws(BuildFailure) in
            for text in try journal.newTexts() {
                let words = text.split(separator: " ")
                guard let first = words.first, let bytes = Hexadecimal.decode(String(first)), bytes.count == 32 else {
                    continue
                }
                let key = Digest(sha256: bytes)
                if words.count == 3, words[1] == Self.noteMark {
                    state.texts[key] = String(words[2])
                } else {
                    state.records[key] = LayerRecord(words: words.dropFirst())
                }
            }
        }
    }
}

package import BuildModel
package import ImageBuild
internal import Platform
internal import Synchronization

/// Where one layer of an image comes from and what it cost.
package struct LayerAccount: Sendable {
    package enum Origin: Sendable {
        /// Part of the base image.
        case base
        /// Known by its digest from an earlier build of the same content.
        case remembered(by: Memory)
        /// Made now.
        case made(LayerWork, Reason)
        /// Left by a step that was run now.
        case ran(LayerWork, Reason)
    }

    /// Who remembered.
    package enum Memory: String, Sendable {
        case node
        /// Told to this build by another node.
        case farm
    }

    /// Why a layer was made.
    package enum Reason: Sendable, Hashable {
        /// Files that a rule adds are made each time.
        case small
        /// No layer of this part of the project is known.
        case first
        /// What determines it, by the names of the parts that are others than when it was last made here.
        case changed([String])
        /// The same as the last time, but it was forgotten, or found to be wrong.
        case forgotten
        /// Remembered, but a registry or layout, or a later step, lacked its bytes.
        case lacking
        /// What is remembered was not to be used.
        case unwanted
    }

    package var layer: Layer
    package var origin: Origin
}

extension LayerAccount.Reason {
    /// For people.
    package var text: String {
        switch self {
        case .small: "made at every build"
        case .first: "nothing of this part is remembered"
        case .changed(let parts): "changed since it was last made: \(parts.joined(separator: ", "))"
        case .forgotten: "remembered no more"
        case .lacking: "its bytes were lacking"
        case .unwanted: "what is remembered was not to be used"
        }
    }

    /// Of a step, for people.
    package var stepText: String {
        switch self {
        case .small: "it is run at every build"
        case .first: "it was never run before"
        case .changed(let parts): "changed since the last time: \(parts.joined(separator: ", "))"
        case .forgotten: "its layers are gone"
        case .lacking: "a later step needs its files, which are not kept"
        case .unwanted: text
        }
    }
}

/// The accounts of an image's own layers, as they come.
package final class LayerAccounts: Sendable {
    private let accounts = Mutex<[LayerAccount]>([])

    package init() {}

    func add(_ account: LayerAccount) { accounts.withLock { $0.append(account) } }

    package var all: [LayerAccount] { accounts.withLock { $0 } }

    /// The last account of a blob: a layer whose bytes were lacking has two.
    package func account(of digest: Digest) -> LayerAccount? {
        accounts.withLock { $0.last { $0.layer.blob.descriptor.digest == digest } }
    }
}

/// What is said of layers in a build's log.
enum LayerNarrator {
    static func made(_ layer: Layer, at path: String) -> String {
        "\(path) is layer \(layer.blob.descriptor.digest.short): \(ByteCount.text(layer.tarSize)) packed to "
            + ByteCount.text(layer.blob.descriptor.size)
    }

    static func tell(_ layer: Layer, _ origin: LayerAccount.Origin) -> String {
        let sizes = "\(ByteCount.text(layer.tarSize)) packed to \(ByteCount.text(layer.blob.descriptor.size))"
        switch origin {
        case .base: return "Layer \(layer.comment): \(sizes)"
        case .remembered(let memory):
            return
                "Layer \(layer.comment): remembered by the \(memory.rawValue) as \(layer.blob.descriptor.digest.short), nothing read "
                + "(\(sizes))"
        case .made(let work, let reason): return "Layer \(layer.comment): \(sizes); \(reason.text); \(cost(work))"
        case .ran(let work, let reason): return "Layer \(layer.comment): \(sizes); \(reason.stepText); \(cost(work))"
        }
    }

    private static func cost(_ work: LayerWork) -> String {
        "\(work.recalledMembers) of \(work.members) members were kept, \(ByteCount.text(work.readBytes)) read, "
            + "\(ByteCount.text(work.compressedBytes)) packed"
    }
}

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
        case remembered
        /// Made now.
        case made(LayerWork)
    }

    package var layer: Layer
    package var origin: Origin
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
        case .remembered:
            return
                "Layer \(layer.comment): remembered as \(layer.blob.descriptor.digest.short), nothing read (\(sizes))"
        case .made(let work): return "Layer \(layer.comment): \(sizes); \(cost(work))"
        }
    }

    private static func cost(_ work: LayerWork) -> String {
        "\(work.recalledMembers) of \(work.members) members were kept, \(ByteCount.text(work.compressedBytes)) read and packed"
    }
}

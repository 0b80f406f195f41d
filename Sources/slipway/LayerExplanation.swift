import BuildModel
import ImageBuild
import Telemetry
import Worker

/// Of one layer of an image: where it came from, what that cost, and how it got to the registry.
struct LayerExplanation: Sendable {
    var descriptor: Descriptor
    var origin: LayerAccount.Origin
    var comment: String
    /// nil where nothing was pushed to a registry.
    var way: BlobWay?

    /// - Parameter ways: how blobs got to a registry; nil for a layout, empty if the whole image was there.
    static func all(of image: Image, _ accounts: LayerAccounts, ways: [Digest: BlobWay]?) -> [LayerExplanation] {
        image.layers.map { layer in
            let digest = layer.descriptor.digest
            let account = accounts.account(of: digest)
            return LayerExplanation(
                descriptor: layer.descriptor,
                origin: account?.origin ?? .base,
                comment: account?.layer.comment ?? "of the base image",
                way: ways.map { $0[digest] ?? .alreadyThere }
            )
        }
    }

    private var work: LayerWork { if case .made(let work) = origin { work } else { LayerWork() } }

    private var memo: String {
        switch origin {
        case .base: "base"
        case .remembered: "hit"
        case .made: "miss"
        }
    }

    /// Why the layer is not a remembered one, or that it is.
    private var reason: String {
        switch origin {
        case .base: "not made here"
        case .remembered: "remembered: the same tree, place and codec were built before"
        case .made where work.recalledMembers == 0: "made: nothing of it was kept"
        case .made: "made: \(work.members - work.recalledMembers) of \(work.members) members are new"
        }
    }

    var json: JSONValue {
        [
            "digest": .string(descriptor.digest.description), "size": .integer(descriptor.size),
            "comment": .string(comment), "memo": .string(memo), "reason": .string(reason),
            "readBytes": .integer(work.compressedBytes), "packedBytes": .integer(work.compressedBytes),
            "inflatedBytes": .integer(work.inflatedBytes), "members": .integer(Int64(work.members)),
            "keptMembers": .integer(Int64(work.recalledMembers)),
            "uploadedBytes": .integer(way == .uploaded ? descriptor.size : 0),
            "way": way.map { .string($0.rawValue) } ?? .null,
        ]
    }

    var text: String {
        var parts = [reason]
        if case .made = origin {
            parts.append("\(ByteCount.text(work.compressedBytes)) read and packed")
            if work.inflatedBytes > 0 { parts.append("\(ByteCount.text(work.inflatedBytes)) inflated to be hashed") }
        }
        if let way { parts.append(way == .uploaded ? "\(ByteCount.text(descriptor.size)) uploaded" : way.rawValue) }
        let size = ByteCount.text(descriptor.size)
        return
            "layer   \(descriptor.digest.short)  \(size)  \(TerminalText.plain(comment)): \(parts.joined(separator: ", "))"
    }
}

extension LocalBuildResult {
    /// A line for each layer, base first.
    var explanationText: String { explanation.map(\.text).joined(separator: "\n") }
}

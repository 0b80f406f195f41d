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
    static func all(
        of image: Image,
        _ accounts: LayerAccounts,
        ways: [Digest: BlobWay]?
    ) -> [LayerExplanation] {
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

    /// What making it cost; nil if it was not made now.
    private var cost: LayerWork? {
        switch origin {
        case .made(let work, _), .ran(let work, _): work
        case .base, .remembered: nil
        }
    }

    private var memo: String {
        switch origin {
        case .base: "base"
        case .remembered: "hit"
        case .made, .ran: "miss"
        }
    }

    private var memory: LayerAccount.Memory? { if case .remembered(let memory) = origin { memory } else { nil } }

    private var differences: [String] {
        switch origin {
        case .made(_, .changed(let parts)), .ran(_, .changed(let parts)): parts
        default: []
        }
    }

    /// Why the layer is not a remembered one, or that it is.
    private var reason: String {
        switch origin {
        case .base: "not made here"
        case .remembered(let memory): "remembered by the \(memory.rawValue): what determines it is the same as before"
        case .made(let work, let reason):
            "made: \(reason.text), \(work.members - work.recalledMembers) of \(work.members) members are new"
        case .ran(let work, let reason):
            "the step was run: \(reason.stepText), \(work.members - work.recalledMembers) of \(work.members) members are new"
        }
    }

    var json: JSONValue {
        let work = cost ?? LayerWork()
        return [
            "digest": .string(descriptor.digest.description), "size": .integer(descriptor.size),
            "comment": .string(comment), "memo": .string(memo), "reason": .string(reason),
            "memory": memory.map { .string($0.rawValue) } ?? .null, "differs": .array(differences.map { .string($0) }),
            "readBytes": .integer(work.readBytes), "packedBytes": .integer(work.compressedBytes),
            "inflatedBytes": .integer(work.inflatedBytes), "members": .integer(Int64(work.members)),
            "keptMembers": .integer(Int64(work.recalledMembers)),
            "uploadedBytes": .integer(way == .uploaded ? descriptor.size : 0),
            "way": way.map { .string($0.rawValue) } ?? .null,
        ]
    }

    var text: String {
        var parts = [reason]
        if let work = cost {
            parts.append("\(ByteCount.text(work.readBytes)) read")
            parts.append("\(ByteCount.text(work.compressedBytes)) packed")
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

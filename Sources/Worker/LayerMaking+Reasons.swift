internal import BuildModel
internal import ImageBuild
internal import Platform
internal import Synchronization

/// Keys that were learnt during one build.
final class LearntKeys: Sendable {
    private let keys = Mutex<Set<Digest>>([])

    func insert(_ more: Set<Digest>) { keys.withLock { $0.formUnion(more) } }

    func contains(_ key: Digest) -> Bool { keys.withLock { $0.contains(key) } }
}

/// Why layers are made, or who remembered them.
extension LayerMaking {
    func memory(of key: LayerKey) -> LayerAccount.Memory { learnt.contains(key.digest) ? .farm : .node }

    /// What the layer of a part differs in from the one that was last made of it on this node; notes what it is now.
    func reason(_ part: TreePart, _ key: LayerKey, _ tree: any SourceTree) throws -> LayerAccount.Reason {
        let grounds = try key.grounds.with(rulesOf: tree)
        let place = Digest(of: "made \(project.hex) \(Hexadecimal.encode(part.start))")
        let earlier = note(for: place).flatMap { LayerGrounds(text: $0) }
        let parts = earlier.map { grounds.differences(from: $0) }
        if parts != [] {
            log.attempt("What a layer is made of cannot be noted") { try memo.remember(note: grounds.text, for: place) }
        }
        guard let parts else { return .first }
        return parts.isEmpty ? .forgotten : .changed(parts)
    }
}

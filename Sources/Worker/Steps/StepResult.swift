internal import BuildModel

/// What is known of a step that was run or remembered.
struct StepResult: Sendable {
    var step: BuildStep
    var key: Digest
    /// What the step's image is, with its digest.
    var image: ImageReference
    var record: StepRecord
    /// One for each output that has something in it, in the order of the outputs.
    var layers: [ShippableLayer]

    struct ShippableLayer: Sendable {
        var layer: Layer
        var isShipped: Bool
        var origin: LayerAccount.Origin
        /// Whether this node or a registry has its bytes. Of what no image has, nobody may, until a step that has to run needs them.
        var hasBytes = true
    }

    /// Whether another step can run on it.
    var isWhole: Bool { layers.allSatisfy(\.hasBytes) }
}

/// What the steps of a plan add to its image.
package struct StepLayers: Sendable {
    var results: [StepResult] = []

    package init() {}

    /// Below the source: what was made from a part of it alone, and so stays the same while the rest changes.
    var beforeSource: [StepResult.ShippableLayer] { results[..<sourcePosition].flatMap(\.layers) }

    /// On top of the source, which it may change: what was made from all of it, and whatever was made after that.
    var afterSource: [StepResult.ShippableLayer] { results[sourcePosition...].flatMap(\.layers) }

    /// Where the layers that images have come from.
    var accounts: [LayerAccount] {
        results.flatMap(\.layers).filter(\.isShipped).map { LayerAccount(layer: $0.layer, origin: $0.origin) }
    }

    /// The images of steps with their digests.
    var images: [ImageReference] { results.map(\.image) }

    private var sourcePosition: Int { results.firstIndex { $0.step.inputs == .all } ?? results.count }
}

extension [StepResult.ShippableLayer] {
    /// Those that images have.
    var shipped: [Layer] { filter(\.isShipped).map(\.layer) }
}

internal import BuildModel
internal import RootFilesystem

/// What is known of a step that was run or remembered.
struct StepResult: Sendable {
    var step: BuildStep
    var key: Digest
    var record: StepRecord
    /// One for each output that has something in it, in the order of the outputs.
    var layers: [ShippableLayer]
    /// Has the step run for the bytes of layers that are nowhere; nil if all can be had.
    var remake: (@Sendable () async throws -> StepResult)?

    struct ShippableLayer: Sendable {
        var layer: Layer
        var isShipped: Bool
    }
}

/// What the steps of a plan add to its image.
package struct StepLayers: Sendable {
    var results: [StepResult] = []

    package init() {}

    /// Below the source: what was made from a part of it alone, and so stays the same while the rest changes.
    var beforeSource: [Layer] { shipped { $0 != .all } }

    /// On top of the source, which it may change.
    var afterSource: [Layer] { shipped { $0 == .all } }

    private func shipped(_ isWanted: (StepInputs) -> Bool) -> [Layer] {
        results.filter { isWanted($0.step.inputs) }.flatMap(\.layers).filter(\.isShipped).map(\.layer)
    }
}

extension StepLayers {
    /// As steps stand on them, lowest first, in the image's order: below the source what was made from a part of it, above it what was
    /// made from all.
    ///
    /// - Parameter owner: who shares them.
    func stacked(owner: String) -> (below: [FilesystemLayer], above: [FilesystemLayer]) {
        func stack(_ isWanted: (StepInputs) -> Bool, standsOnMore: Bool) -> [FilesystemLayer] {
            results.filter { isWanted($0.step.inputs) }.flatMap(\.layers).map {
                FilesystemLayer($0.layer, realm: owner, standsOnMore: standsOnMore)
            }
        }
        return (stack({ $0 != .all }, standsOnMore: false), stack({ $0 == .all }, standsOnMore: true))
    }
}

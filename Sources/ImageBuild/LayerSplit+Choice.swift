package import BuildModel

extension LayerSplit {
    /// Trees below this many bytes for each layer are not cut further.
    private static let leastBytes: Int64 = 4 << 20
    /// What a layer costs beside its bytes: requests, a descriptor, an entry of the history.
    private static let layerCost = 64.0 * 1024

    /// Chooses cuts, so that a change makes as few bytes anew as can be: by the sizes of subtrees, and by how often they changed.
    /// The same for the same arguments.
    ///
    /// - Parameters:
    ///   - limit: the most layers.
    ///   - history: the paths that each of the last commits changed, as far as they are known.
    package static func choose(
        for tree: any SourceTree,
        limit: Int,
        history: [[[UInt8]]] = []
    ) throws -> LayerSplit {
        let sizes = try TreeSizes(tree)
        let count = min(limit, Int(sizes.total / leastBytes))
        guard count > 1 else { return .none }
        let units = SplitUnits(sizes, history: history).units
        return LayerSplit(cuts: cheapest(units, limit: count))
    }

    /// Whether layers of these sizes are cut as well as a tree of their sum could be: none is many times as large as it should be.
    package func fits(_ sizes: [Int64], limit: Int) -> Bool {
        let total = sizes.reduce(0, +)
        let wanted = min(Int64(limit), total / Self.leastBytes)
        return (sizes.max() ?? 0) * wanted <= total * 4
    }

    /// The starts of the groups of neighbouring units for which the bytes that a commit is expected to make anew are the fewest:
    /// dynamic programming over the ends of groups.
    private static func cheapest(_ units: [SplitUnit], limit: Int) -> [[UInt8]] {
        let count = units.count
        // best[end]: the least cost of the units before `end` in so many groups, and where the last group begins.
        var best = [(cost: Double, start: Int)](repeating: (.infinity, 0), count: count + 1)
        best[0] = (0, 0)
        var steps: [[(cost: Double, start: Int)]] = [best]
        for _ in 0..<limit {
            var next = [(cost: Double, start: Int)](repeating: (.infinity, 0), count: count + 1)
            for end in 1...count {
                var (bytes, unchanged) = (0.0, 1.0)
                for start in stride(from: end - 1, through: 0, by: -1) {
                    bytes += units[start].bytes
                    unchanged *= 1 - units[start].chance
                    let cost = best[start].cost + bytes * (1 - unchanged) + layerCost
                    if cost < next[end].cost { next[end] = (cost, start) }
                }
            }
            steps.append(next)
            best = next
        }
        guard var step = steps.indices.min(by: { steps[$0][count].cost < steps[$1][count].cost }) else { return [] }
        var (cuts, end): ([[UInt8]], Int) = ([], count)
        while step > 0, end > 0 {
            end = steps[step][end].start
            if end > 0 { cuts.insert(units[end].path, at: 0) }
            step -= 1
        }
        return cuts
    }
}

/// Something that is not cut: a subtree, or neighbours that are small.
struct SplitUnit {
    /// The first entry.
    var path: [UInt8]
    var bytes: Double
    /// How likely a commit changes it.
    var chance: Double
}

/// The units of a tree in the order of its walk.
struct SplitUnits {
    /// Directories above this part of the tree are taken apart; neighbours are put together up to a smaller one.
    private static let (coarsest, finest): (Int64, Int64) = (40, 200)

    private(set) var units: [SplitUnit] = []
    private let sizes: TreeSizes
    /// For each commit what it changed, with all directories above.
    private let history: [Set<[UInt8]>]
    /// The commits that changed the last unit.
    private var touched: Set<Int> = []
    private var isOpen = false

    init(_ sizes: TreeSizes, history: [[[UInt8]]]) {
        self.sizes = sizes
        self.history = history.map { paths in
            paths.reduce(into: []) { all, path in all.formUnion(LayerPath.ancestors(of: path) + [path]) }
        }
        for node in sizes.nodes { add(node) }
        close()
    }

    private mutating func add(_ node: TreeSizes.Node) {
        let path = node.path
        let isLarge = node.bytes > sizes.total / Self.finest
        if isLarge { close() }
        let isApart = node.isDirectory && !node.children.isEmpty && node.bytes > sizes.total / Self.coarsest
        append(path, bytes: isApart ? Int64(UstarHeader.blockSize) : node.bytes, isWhole: !isApart)
        if isApart { for child in node.children { add(child) } }
        if isLarge || Int64(units.last?.bytes ?? 0) > sizes.total / Self.finest { close() }
    }

    private mutating func append(_ path: [UInt8], bytes: Int64, isWhole: Bool) {
        if isOpen {
            units[units.count - 1].bytes += Double(bytes)
        } else {
            units.append(SplitUnit(path: path, bytes: Double(bytes), chance: 0))
            isOpen = true
        }
        guard isWhole else { return }
        for (index, paths) in history.enumerated() where paths.contains(path) { touched.insert(index) }
    }

    /// Ends the last unit. Without a history, every byte is as likely to change as any other.
    private mutating func close() {
        guard isOpen, let bytes = units.last?.bytes else { return }
        let share = bytes / Double(max(1, sizes.total))
        units[units.count - 1].chance = min(0.99, (Double(touched.count) + share) / Double(history.count + 1))
        touched = []
        isOpen = false
    }
}

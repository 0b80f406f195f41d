internal import BuildModel

/// How many bytes of tar each directory takes, with all that is in it.
struct TreeSizes {
    struct Node {
        var path: [UInt8]
        var isDirectory: Bool
        var bytes: Int64
        var children: [Node] = []
        /// About how much memory it and all in it take.
        var weight: Int

        init(_ entry: TreeEntry, bytes: Int64) {
            path = entry.path
            isDirectory = entry.kind == .directory
            self.bytes = bytes
            weight = MemoryLayout<Node>.stride + 32 + entry.path.count
        }
    }

    private static let leastNode: Int64 = 128 << 10

    private(set) var nodes: [Node] = []
    private(set) var total: Int64 = 0
    /// The directories from the root to the last entry, and the entry.
    private var open: [Node] = []
    private var weight = 0
    private let limit: Int

    /// - Parameter limit: bytes of memory, enough for a hundred thousand files outside of small directories. In a tree of more,
    ///   neighbours and directories are put together as if they were one file from there on; its cuts are then less fine.
    init(_ tree: any SourceTree, limit: Int = 32 << 20) throws {
        self.limit = limit
        try tree.walk { entry in
            close(to: entry.path.count { $0 == LayerPath.slash })
            let blocks = (entry.size + Int64(UstarHeader.blockSize) - 1) / Int64(UstarHeader.blockSize)
            let node = Node(entry, bytes: (blocks + 1) * Int64(UstarHeader.blockSize))
            weight += node.weight
            open.append(node)
            return .proceed
        }
        close(to: 0)
        total = nodes.reduce(0) { $0 + $1.bytes }
    }

    private mutating func close(to depth: Int) {
        while open.count > depth, var node = open.popLast() {
            // Too small to be ever taken apart, or to be worth it in a tree that is too large.
            if node.bytes < Self.leastNode || weight > limit && node.weight < limit / 16 {
                weight -= node.dropChildren()
            }
            let isFolded = fold(node)
            if isFolded { weight -= node.weight }
            if open.isEmpty {
                if !isFolded { nodes.append(node) }
            } else {
                open[open.count - 1].add(node, isFolded: isFolded)
            }
        }
    }

    /// Adds a node to the one before it in its directory, if there are too many and neither has anything in it.
    private mutating func fold(_ node: Node) -> Bool {
        guard weight > limit, node.children.isEmpty else { return false }
        if let parent = open.indices.last {
            guard let last = open[parent].children.indices.last, open[parent].children[last].children.isEmpty else {
                return false
            }
            open[parent].children[last].bytes += node.bytes
        } else {
            guard let last = nodes.indices.last, nodes[last].children.isEmpty else { return false }
            nodes[last].bytes += node.bytes
        }
        return true
    }
}

extension TreeSizes.Node {
    fileprivate mutating func add(_ child: Self, isFolded: Bool) {
        bytes += child.bytes
        guard !isFolded else { return }
        weight += child.weight
        children.append(child)
    }

    /// - Returns: what that takes off the weight.
    fileprivate mutating func dropChildren() -> Int {
        let freed = children.reduce(0) { $0 + $1.weight }
        children = []
        weight -= freed
        return freed
    }
}

package import BuildModel

/// Where a tree is cut into layers: each begins at one of these paths, in the order of the walk, and the first one at the front.
///
/// The cuts of a project are remembered, so that they stay where they are from commit to commit: a change then makes one layer
/// anew, and the others keep their digests.
package struct LayerSplit: Sendable, Hashable {
    /// Names how cuts are chosen; part of the key of a project's cuts.
    package static let policy = "split-v1"

    /// Paths of entries, none of them inside another's directory unless that one comes first.
    let cuts: [[UInt8]]

    init(cuts: [[UInt8]]) { self.cuts = cuts }

    /// One layer for all.
    package static let none = LayerSplit(cuts: [])

    /// Reads what `text` wrote; nil if it is something else.
    package init?(text: some StringProtocol) {
        var cuts: [[UInt8]] = []
        for word in text.split(separator: ",") where word != "-" {
            guard let path = Hexadecimal.decode(word), !path.isEmpty else { return nil }
            cuts.append(path)
        }
        self.cuts = cuts
    }

    /// The cuts in one word.
    package var text: String {
        cuts.isEmpty ? "-" : cuts.map { Hexadecimal.encode($0) }.joined(separator: ",")
    }

    /// The cuts that a tree still has. Where one is gone, two layers become one.
    package func kept(in tree: any SourceTree) throws -> LayerSplit {
        LayerSplit(cuts: try cuts.filter { try tree.entry(at: String(decoding: $0, as: UTF8.self)) != nil })
    }

    /// The parts of a tree, one for each layer.
    var ranges: [LayerRange] {
        let starts: [[UInt8]?] = [nil] + cuts
        return starts.indices.map { LayerRange(start: starts[$0], end: $0 < cuts.count ? cuts[$0] : nil) }
    }
}

/// A part of a tree: the entries of its walk from one on to another.
struct LayerRange: Sendable, Hashable {
    /// The first entry; nil for the front of the tree.
    var start: [UInt8]?
    /// The first entry that is not in it any more; nil for the tree's end.
    var end: [UInt8]?

    static let whole = LayerRange()
}

/// Tells which entries of a walk are in a range.
struct RangeFilter {
    enum Place {
        case before
        /// A directory that the first entry of the range is in: the layer needs it, with what is in it up to there left out.
        case above
        case inside
        case after
    }

    private let range: LayerRange
    private var hasBegun: Bool

    init(_ range: LayerRange) {
        self.range = range
        hasBegun = range.start == nil
    }

    mutating func place(of entry: TreeEntry) -> Place {
        if let end = range.end, end == entry.path { return .after }
        if hasBegun { return .inside }
        guard let start = range.start else { return .inside }
        if start == entry.path {
            hasBegun = true
            return .inside
        }
        return entry.kind == .directory && start.starts(with: entry.path + [LayerPath.slash]) ? .above : .before
    }
}

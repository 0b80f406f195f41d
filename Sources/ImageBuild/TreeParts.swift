internal import BuildModel

/// The parts of a tree in one word, so that a tree that was built before is known without reading any of its objects.
package struct TreeParts: Sendable, Hashable {
    package let parts: [TreePart]

    package init(_ parts: [TreePart]) { self.parts = parts }

    /// Reads what `text` wrote; nil if it is something else.
    package init?(text: some StringProtocol) {
        var parts: [TreePart] = []
        let words = text.split(separator: ",")
        let starts = words.map { $0.split(separator: ":").first.flatMap { Hexadecimal.decode($0.dropFirst()) } }
        for (index, word) in words.enumerated() {
            let fields = word.split(separator: ":")
            guard fields.count == 2, let start = starts[index] else { return nil }
            let end = index + 1 < starts.count ? starts[index + 1] : nil
            let range = LayerRange(start: start.isEmpty ? nil : start, end: end)
            guard fields[1] != "-" else {
                parts.append(.whole)
                continue
            }
            guard let content = Hexadecimal.decode(fields[1]), content.count == 32 else { return nil }
            parts.append(TreePart(range, content: Digest(sha256: content), index: index, of: words.count))
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    /// For each part `x<start>:<content>`, in hexadecimal.
    package var text: String {
        parts.map { part in
            "x\(Hexadecimal.encode(part.range.start ?? [])):\(part.content?.hex ?? "-")"
        }.joined(separator: ",")
    }
}

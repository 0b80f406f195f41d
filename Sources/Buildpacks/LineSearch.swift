/// Looks for lines of a file that are as a predicate says.
struct LineSearch {
    private let predicate: LinePredicate

    init(_ predicate: LinePredicate) {
        self.predicate = predicate
    }

    /// The numbers of lines and the parts of them that are kept, up to so many; none if the file has one that it must not have.
    func matches(in bytes: [UInt8], limit: Int) -> [(Int, String)] {
        // Few files have what a pattern asks for; the others are not taken apart. What is joined may stand in two lines.
        let like = predicate.isJoined ? predicate.like : predicate.like.filter { $0.mayMatch(bytes[...]) }
        guard !like.isEmpty, !isExcluded(bytes) else { return [] }
        var found: [(Int, String)] = []
        var open: [UInt8] = []
        for (line, number) in TextLines(bytes) {
            if found.count == limit { break }
            if !open.isEmpty, let text = match(open + TextLines.normalised(line), like) { found.append((number, text)) }
            open = []
            if predicate.isOutermost, Self.isIndented(line) { continue }
            guard predicate.isJoined || like.contains(where: { $0.mayMatch(line) }) else { continue }
            let words = TextLines.normalised(line)
            if found.last?.0 != number, let text = match(words, like) { found.append((number, text)) }
            if predicate.isJoined, let last = words.last, "([{".utf8.contains(last) { open = words }
        }
        return Array(found.prefix(limit))
    }

    private func match(_ words: [UInt8], _ like: [GlobPattern]) -> String? {
        guard let form = like.first(where: { $0.matches(line: words) }) else { return nil }
        return String(decoding: form.captured(in: words) ?? words, as: UTF8.self)
    }

    private func isExcluded(_ bytes: [UInt8]) -> Bool {
        let without = predicate.without.filter { $0.mayMatch(bytes[...]) }
        guard !without.isEmpty else { return false }
        return TextLines(bytes).contains { line, _ in match(TextLines.normalised(line), without) != nil }
    }

    private static func isIndented(_ line: ArraySlice<UInt8>) -> Bool { line.first == 32 || line.first == 9 }
}

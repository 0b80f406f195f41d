/// Guesses what somebody meant by a name that does not exist.
enum NearestName {
    /// The candidate that is fewest edits away, if that is few for its length; ties go to the one that sorts first.
    static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let near = candidates.map { (name: $0, edits: edits(from: name.lowercased(), to: $0.lowercased())) }
            .filter { $0.edits <= max(1, min(3, $0.name.count / 3)) }
        return near.min { ($0.edits, $0.name) < ($1.edits, $1.name) }?.name
    }

    /// ` (did you mean 'x'?)`, or nothing.
    static func hint(_ name: String, among candidates: some Sequence<String>) -> String {
        of(name, among: candidates).map { " (did you mean '\($0)'?)" } ?? ""
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    static func edits(from source: String, to target: String) -> Int {
        let source = Array(source.utf8.prefix(128))
        let target = Array(target.utf8.prefix(128))
        var beforeLast: [Int] = []
        var last = Array(0...target.count)
        for row in source.indices {
            var current = [row + 1]
            for column in target.indices {
                let isSame = source[row] == target[column]
                var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
                if row > 0, column > 0, source[row] == target[column - 1], source[row - 1] == target[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[target.count]
    }
}

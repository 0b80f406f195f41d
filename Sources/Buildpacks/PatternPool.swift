/// Patterns of rules that are written once and used in many places, by aliases or by what rules extend: each list is kept once.
/// Confined to the call that reads rules.
final class PatternPool {
    private var paths: [[String]: [GlobPattern]] = [:]
    private var lines: [[String]: [GlobPattern]] = [:]

    /// - Parameter isOfLines: see `GlobPattern`.
    func patterns(_ texts: [String], isOfLines: Bool = false) -> [GlobPattern] {
        if let known = isOfLines ? lines[texts] : paths[texts] { return known }
        let made = texts.map { GlobPattern($0, isOfLines: isOfLines) }
        if isOfLines { lines[texts] = made } else { paths[texts] = made }
        return made
    }
}

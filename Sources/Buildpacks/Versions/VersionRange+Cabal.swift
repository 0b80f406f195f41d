extension VersionRange {
    /// A set of versions as Cabal writes it, in the form that the other dialects have: `>=4.16 && <4.19`, `^>=4.18 || ^>=4.19`,
    /// and as `tested-with` does: `GHC == 9.4.8, GHC == 9.6.7`, `GHC == { 9.4.8, 9.6.7 }`.
    static func plain(cabal text: String) -> String {
        var plain = ""
        var isInSet = false
        var rest = text.filter { !$0.isWhitespace && $0 != "(" && $0 != ")" }[...]
        while let character = rest.first {
            if let word = [",ghc", "ghc", "&&", "-any"].first(where: rest.hasPrefix) {
                rest = rest.dropFirst(word.count)
                plain += [",ghc": "||", "&&": ","][word] ?? ""
                continue
            }
            rest = rest.dropFirst()
            switch character {
            case "{": isInSet = true
            case "}": isInSet = false
            case "," where isInSet: plain += "||=="
            default: plain.append(character)
            }
        }
        return plain
    }
}

/// What repositories and tags may be called: distribution spec, "Pulling manifests".
extension StrictRegistry {
    /// Parts of lower case letters and digits, with `.`, `_`, `__` or dashes between them.
    package static func isName(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isPart($0) }
    }

    private static func isPart(_ part: Substring) -> Bool {
        guard let first = part.first, let last = part.last, isAlphanumeric(first), isAlphanumeric(last) else {
            return false
        }
        return part.split(omittingEmptySubsequences: true, whereSeparator: isAlphanumeric).allSatisfy { separator in
            [".", "_", "__"].contains(separator) || separator.allSatisfy { $0 == "-" }
        }
    }

    /// A letter, digit or `_`, then up to 127 of these, `.` and `-`.
    static func isTag(_ text: String) -> Bool {
        guard let first = text.first, text.utf8.count <= 128 else { return false }
        let isWord = { (character: Character) in
            character == "_" || character.isASCII && (character.isLetter || character.isNumber)
        }
        return isWord(first) && text.allSatisfy { isWord($0) || $0 == "." || $0 == "-" }
    }

    private static func isAlphanumeric(_ character: Character) -> Bool {
        ("a"..."z").contains(character) || ("0"..."9").contains(character)
    }
}

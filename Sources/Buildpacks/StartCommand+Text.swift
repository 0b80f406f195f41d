package import BuildModel

extension StartCommand {
    /// A command as somebody wrote it. What needs no shell becomes plain arguments, so that the app is the first process and
    /// gets the signals; a single command that needs one replaces it by `exec`.
    package init(text: String, source: String) throws(BuildFailure) {
        let text = text.trimmed
        let words = try ShellWords(text, source: source)
        let arguments =
            if !words.needsShell {
                words.words
            } else {
                ["/bin/sh", "-c", words.isCompound ? text : "exec \(text)"]
            }
        self.init(arguments: arguments, text: text, source: source)
    }

    /// Arguments as a rule has them; the text is what a shell would take.
    init(arguments: [String], source: String) {
        self.init(arguments: arguments, text: arguments.map(Self.quoted).joined(separator: " "), source: source)
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_-./:=@%+,".unicodeScalars.contains(scalar))
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        var text = self[...].drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension Procfile {
    /// The same processes as seen from a directory below the Procfile's own, in which all of them run; nil if one of them does not, or
    /// where it cannot be told.
    func seen(from directory: String) -> Procfile? {
        var below = self
        for (type, process) in processes {
            guard let command = CommandBelow.command(process.command, from: directory) else { return nil }
            below.processes[type]?.command = command
        }
        return processes.isEmpty ? nil : below
    }
}

/// A command of a root that goes to a directory below it by its first words: `cd DIR && ...`, `npm --prefix DIR start`, `node DIR/server.js`.
private enum CommandBelow {
    private static let flags = ["--prefix", "--cwd", "--chdir", "--directory", "--dir", "-C"]
    /// They find what a program needs beside the program, wherever they are called.
    private static let interpreters = ["node", "bun", "deno", "ruby"]

    /// nil for what does not go there, or may look for more than is there.
    static func command(_ text: String, from directory: String) -> String? {
        guard !text.contains("..") else { return nil }
        let text = text.split(separator: " ").joined(separator: " ")
        for prefix in ["cd \(directory) && ", "cd \(directory)/ && ", "cd ./\(directory) && ", "cd \(directory); "]
        where text.hasPrefix(prefix) {
            let rest = String(text.dropFirst(prefix.count)).trimmed
            return rest.isEmpty ? nil : rest
        }
        let words = text.split(separator: " ").map(String.init)
        guard !text.contains(where: { "&;|\"'`".contains($0) }) else { return nil }
        return flagged(words, directory) ?? interpreted(words, directory)
    }

    private static func flagged(_ words: [String], _ directory: String) -> String? {
        let names = [directory, directory + "/", "./" + directory]
        for (index, word) in words.enumerated() where index > 0 {
            for flag in flags {
                var rest = words
                if word == flag, index + 1 < words.count, names.contains(words[index + 1]) {
                    rest.removeSubrange(index...index + 1)
                } else if names.contains(where: { word == "\(flag)=\($0)" }) {
                    rest.remove(at: index)
                } else {
                    continue
                }
                return rest.joined(separator: " ")
            }
        }
        return nil
    }

    private static func interpreted(_ words: [String], _ directory: String) -> String? {
        guard let first = words.first, interpreters.contains(first) else { return nil }
        let prefixes = [directory + "/", "./" + directory + "/"]
        let rest = words.dropFirst().map { word in
            prefixes.first(where: word.hasPrefix).map { String(word.dropFirst($0.count)) } ?? word
        }
        let isRest = zip(rest, words.dropFirst()).contains { $0 == $1 && $0.contains("/") }
        return rest == words.dropFirst().map(\.self) || isRest ? nil : ([first] + rest).joined(separator: " ")
    }
}

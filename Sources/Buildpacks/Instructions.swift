/// The instructions of a Dockerfile, one a line: what goes on behind a backslash is joined to the line that it begins in, and the words
/// of a list in JSON (`CMD ["python", "app.py"]`) stand there as they are typed (`CMD python app.py`).
enum Instructions {
    static func unfolded(_ bytes: [UInt8]) -> [UInt8] {
        var lines: [[UInt8]] = []
        // The line that the next one belongs to.
        var open: Int?
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            lines.append([])
            let first = line.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            // A comment within an instruction is no part of it, and nothing is an end.
            if first == UInt8(ascii: "#") || (first == nil && open != nil) { continue }
            while let last = line.last, last == 32 || last == 9 { line = line.dropLast() }
            let goesOn = line.last == UInt8(ascii: "\\")
            if goesOn { line = line.dropLast() }
            let start = open ?? lines.count - 1
            lines[start] += line + (goesOn ? [UInt8(ascii: " ")] : [])
            open = goesOn ? start : nil
        }
        let instructions = DockerStages(lines.map { TextLines.normalised($0[...]) }).ofTheLast.map(typed)
        return Array(instructions.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// An instruction without flags of its own, in capitals, and whose words are a list in JSON, as it is typed.
    private static func typed(_ line: [UInt8]) -> [UInt8] {
        let line = plain(line)
        // `RUN [ -f x ] && y` is a shell's.
        guard let start = line.firstIndex(of: UInt8(ascii: "[")), let end = line.indices.last,
            line[end] == UInt8(ascii: "]"), line[(start + 1)...].first(where: { $0 != 32 }) == UInt8(ascii: "\""),
            let name = word(line[..<start]), ["CMD", "ENTRYPOINT", "RUN"].contains(name)
        else { return line }
        let words = line[(start + 1)..<end].split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        // Every second part stands between quotes.
        let quoted = words.indices.filter { $0 % 2 == 1 }.map { Array(words[$0]) }
        return Array(([Array(name.utf8)] + quoted).joined(separator: [UInt8(ascii: " ")]))
    }

    /// `run --mount=type=cache,target=/x pip install y` is `RUN pip install y`.
    private static func plain(_ line: [UInt8]) -> [UInt8] {
        let words = line.split(separator: 32, omittingEmptySubsequences: false)
        guard let first = words.first, let name = word(first), ["CMD", "ENTRYPOINT", "RUN"].contains(name) else {
            return line
        }
        let rest = words.dropFirst().drop {
            $0.starts(with: "--mount=".utf8) || $0.starts(with: "--network=".utf8)
                || $0.starts(with: "--security=".utf8)
        }
        return Array(([Array(name.utf8)[...]] + rest).joined(separator: [32]))
    }

    /// The only word before the list, in capitals.
    private static func word(_ bytes: ArraySlice<UInt8>) -> String? {
        let word = String(decoding: bytes, as: UTF8.self).trimmed.uppercased()
        return word.contains(" ") ? nil : word
    }
}

/// The stages of a Dockerfile whose instructions stand one a line.
///
/// https://docs.docker.com/reference/dockerfile/
struct DockerStages {
    private let lines: [[UInt8]]
    /// The lines with FROM that a stage begins at.
    private let starts: [Int]

    init(_ lines: [[UInt8]]) {
        self.lines = lines
        starts = lines.indices.filter { Self.begins(lines[$0], "FROM ") }
    }

    /// The same lines, empty where the image that is made has nothing of them: of CMD and of ENTRYPOINT the last of the last stage is what it
    /// starts, and what another stage installs counts only where the last one is made from it or copies of it.
    var ofTheLast: [[UInt8]] {
        var kept = lines
        for name in ["CMD ", "ENTRYPOINT "] {
            let places = lines.indices.filter { Self.begins(lines[$0], name) }
            for place in places where place != places.last || place < starts.last ?? 0 { kept[place] = [] }
        }
        let used = usedStages
        for (stage, start) in starts.enumerated() where !used.contains(stage) {
            let end = stage + 1 < starts.count ? starts[stage + 1] : lines.count
            for place in start..<end where Self.begins(lines[place], "RUN ") { kept[place] = [] }
        }
        return kept
    }

    /// The last stage, and those that it needs.
    private var usedStages: Set<Int> {
        guard let last = starts.indices.last else { return [] }
        var names: [String: Int] = [:]
        var needed: [[Int]] = []
        for (stage, start) in starts.enumerated() {
            let words = Self.words(lines[start])
            let end = stage + 1 < starts.count ? starts[stage + 1] : lines.count
            var sources = lines[start..<end].flatMap { Self.words($0).compactMap(Self.source) }
            // `FROM --platform=linux/amd64 build AS app`
            if let image = words.dropFirst().first(where: { !$0.hasPrefix("--") }) { sources.append(image) }
            needed.append(sources.compactMap { names[$0] ?? Int($0) }.filter { $0 < stage })
            names[String(stage)] = stage
            if let place = words.firstIndex(of: "as"), place + 1 < words.count { names[words[place + 1]] = stage }
        }
        var used: Set<Int> = [last]
        // What a stage needs stands before it.
        for stage in starts.indices.reversed() where used.contains(stage) { used.formUnion(needed[stage]) }
        return used
    }

    /// The stage that `--from=NAME` or a mount with `from=NAME` takes of.
    private static func source(_ word: String) -> String? {
        for part in word.split(separator: ",") {
            for key in ["--from=", "--mount=from=", "from="] where part.hasPrefix(key) {
                return String(part.dropFirst(key.utf8.count))
            }
        }
        return nil
    }

    /// In small letters, as names of stages are read.
    private static func words(_ line: [UInt8]) -> [String] {
        String(decoding: line, as: UTF8.self).lowercased().split { $0 == " " || $0 == "\t" }.map(String.init)
    }

    private static func begins(_ line: [UInt8], _ name: String) -> Bool {
        String(decoding: line.drop { $0 == 32 || $0 == 9 }.prefix(name.utf8.count), as: UTF8.self).uppercased() == name
    }
}

/// The stages of a Dockerfile whose instructions stand one a line.
///
/// https://docs.docker.com/reference/dockerfile/
struct DockerStages {
    private let lines: [[UInt8]]
    /// The lines with FROM that a stage begins at.
    private let starts: [Int]
    /// The stage that an image is made of; nil where there is none.
    private let last: Int?
    /// Names of stages behind that, for whoever writes or tries the app: others are built by name.
    private static let asides: Set = ["dev", "development", "debug", "test", "tests", "testing", "lint", "ci"]

    init(_ lines: [[UInt8]]) {
        self.lines = lines
        let starts = lines.indices.filter { Self.begins(lines[$0], "FROM ") }
        self.starts = starts
        last =
            starts.indices.last { !Self.asides.contains(Self.name(of: lines[starts[$0]]) ?? "") } ?? starts.indices.last
    }

    /// The same lines, empty where the image that is made has nothing of them: of CMD and of ENTRYPOINT the last of the last stage is what it
    /// starts, and what another stage installs counts only where the last one is made from it or copies of it.
    var ofTheLast: [[UInt8]] {
        var kept = lines
        for name in ["CMD ", "ENTRYPOINT "] {
            let own = last.map { starts[$0]..<end(of: $0) } ?? lines.indices
            let places = lines.indices.filter { Self.begins(lines[$0], name) }
            let counting = places.last { own.contains($0) }
            for place in places where place != counting { kept[place] = [] }
        }
        let used = usedStages
        for (stage, start) in starts.enumerated() where !used.contains(stage) {
            for place in start..<end(of: stage) where Self.begins(lines[place], "RUN ") { kept[place] = [] }
        }
        return kept
    }

    /// The last stage, and those that it needs.
    private var usedStages: Set<Int> {
        guard let last else { return [] }
        var names: [String: Int] = [:]
        // nil for one that may be made from any before it.
        var needed: [[Int]?] = []
        for (stage, start) in starts.enumerated() {
            let words = Self.words(lines[start])
            var sources = lines[start..<end(of: stage)].flatMap { Self.words($0).compactMap(Self.source) }
            // `FROM --platform=linux/amd64 build AS app`
            let image = words.dropFirst().first { !$0.hasPrefix("--") } ?? ""
            sources.append(image)
            let isAny = image.hasPrefix("$")
            needed.append(isAny ? nil : sources.compactMap { names[$0] ?? Int($0) }.filter { $0 < stage })
            if let name = Self.name(of: lines[start]) { names[name] = stage }
        }
        var used: Set<Int> = [last]
        // What a stage needs stands before it.
        for stage in starts.indices.reversed() where used.contains(stage) {
            guard let stages = needed[stage] else { return used.union(0..<stage) }
            used.formUnion(stages)
        }
        return used
    }

    private func end(of stage: Int) -> Int { stage + 1 < starts.count ? starts[stage + 1] : lines.count }

    /// What a stage is called in its FROM, in small letters.
    private static func name(of line: [UInt8]) -> String? {
        let words = words(line)
        guard let place = words.firstIndex(of: "as"), place + 1 < words.count else { return nil }
        return words[place + 1]
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

/// What one command of a Dockerfile installs: `RUN pip install flask 'uvicorn[standard]' && rm -rf /tmp/x` has two words.
struct InstalledWords {
    private(set) var words: [String] = []

    /// - Parameter like: forms of a single command, such as `RUN pip install <*>`.
    init(_ line: ArraySlice<UInt8>, _ like: [GlobPattern]) {
        guard like.contains(where: { $0.mayMatch(line) }) else { return }
        let text = String(decoding: TextLines.normalised(line), as: UTF8.self)
        for command in text.replacing("&&", with: ";").split(separator: ";") {
            let command = String(command).trimmed
            let bytes = Array((command.hasPrefix("RUN ") ? command : "RUN \(command)").utf8)
            guard let form = like.first(where: { $0.matches(line: bytes) }), let list = form.captured(in: bytes) else {
                continue
            }
            words += Self.packages(String(decoding: list, as: UTF8.self))
        }
    }

    /// Nothing where a list is read, something is installed for a user of the machine, or an option has a value that looks like a package.
    private static func packages(_ text: String) -> [String] {
        // Up to a comment, a pipe or a redirection.
        let own = text.split(separator: " ").prefix { word in
            !["#", "|", ">", "<", "&", "1>", "2>"].contains { word.hasPrefix($0) }
        }
        let words = own.map { $0.filter { $0 != "'" && $0 != "\"" } }
        let options = words.filter { $0.hasPrefix("-") }
        guard options.allSatisfy({ option in plain.contains(option) || valued.contains { option.hasPrefix($0 + "=") } })
        else { return [] }
        return words.filter { $0.first.map { $0.isLetter || $0 == "@" } ?? false }
            .filter { $0.utf8.allSatisfy(isPlain) && !tools.contains($0) }
    }

    /// Options without a value.
    private static let plain: Set<String> = [
        "--no-cache-dir", "--no-cache", "--upgrade", "-U", "-y", "--yes", "-q", "-qq", "--quiet", "--user", "--pre",
        "--no-install-recommends", "--assume-yes", "--update", "-u", "--save", "-S", "--production", "--no-audit",
        "--no-fund",
        "--disable-pip-version-check", "--no-deps", "--prefer-binary", "--break-system-packages", "--system",
    ]

    /// Options whose value says nothing of what is installed, nor from where: a name of somebody's own index is another's in the public one.
    private static let valued = [
        "--target", "--prefix", "--cache-dir", "--timeout", "--default-timeout", "--retries", "--progress-bar",
        "--loglevel",
    ]

    /// What installs, which is there.
    private static let tools: Set<String> = ["pip", "setuptools", "wheel", "npm", "yarn", "pnpm"]

    private static func isPlain(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "-_.[]=<>~!@/:+,^".utf8.contains(byte)
    }
}

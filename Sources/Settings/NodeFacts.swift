internal import Glibc
internal import Platform

/// What defaults depend on: facts about the node and this process.
package struct NodeFacts: Sendable, Hashable {
    package var hostName: String
    /// The absolute path of the running program, links followed; nil where the system does not tell.
    package var executablePath: String?

    package init(hostName: String, executablePath: String?) {
        self.hostName = hostName
        self.executablePath = executablePath
    }

    /// The facts of here and now.
    package static var current: NodeFacts {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink("/proc/self/exe", $0, bytes.count) } ?? 0
        }
        let path = count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
        return NodeFacts(hostName: SystemInformation.hostName, executablePath: path)
    }
}

extension NodeFacts {
    /// The cache directory where none is configured.
    package func cacheDirectory(environment: [String: String]) -> String {
        // systemd's CacheDirectory= names the unit's own.
        if let cache = environment["CACHE_DIRECTORY"]?.split(separator: ":").first { return String(cache) }
        // The XDG base directory specification has relative paths ignored.
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return "\(cache)/slipway" }
        return (environment["HOME"] ?? "") + "/.cache/slipway"
    }

    /// Where rules are looked for when no directory is configured, in this order. The working directory is last, so that
    /// an installed worker never takes rules from wherever it happens to be started.
    package var buildpackDirectories: [String] {
        var directories: [String] = []
        if let parts = executablePath?.split(separator: "/"), parts.count >= 2 {
            let prefix = parts.dropLast(2).map { "/\($0)" }.joined()
            directories.append("\(prefix)/share/slipway/buildpacks")
            // A program that was built in a checkout takes the checkout's rules.
            if let build = parts.firstIndex(of: ".build") {
                directories.append(parts[..<build].map { "/\($0)" }.joined() + "/buildpacks")
            }
        }
        return directories + ["/usr/share/slipway/buildpacks", "./buildpacks"]
    }

    /// The first of `buildpackDirectories` that is there, or the last of them.
    package func buildpackDirectory(exists: (String) -> Bool = Directories.exists) -> String {
        buildpackDirectories.first(where: exists) ?? "./buildpacks"
    }
}

/// Absolute paths in a sandbox, as plans name them. They are looked at by bytes: for characters, a slash and a combining mark behind it are
/// one, and no slash.
package enum SandboxPath {
    /// The kernel's, with room for what a path is put below: limits.h.
    private static let (mostBytes, mostNameBytes) = (3000, 255)

    /// What a step has there of the sandbox's own.
    private static let reserved = ["/proc", "/dev", "/sys", "/run/slipway", "/run/secrets"]

    /// The names between the slashes.
    package static func names(_ path: String) -> [[UInt8]] { path.utf8.split(separator: 47).map(Array.init) }

    /// Why a text is no path for a plan, completing "it must be"; nil if it is one.
    package static func fault(_ path: String) -> String? {
        let names = names(path)
        guard path.utf8.first == 47, !names.isEmpty, !path.utf8.contains(0), !names.contains([46, 46]) else {
            return "an absolute path"
        }
        guard !names.contains([46]) else { return "an absolute path without '.'" }
        guard path.utf8.count <= mostBytes, names.allSatisfy({ $0.count <= mostNameBytes }) else {
            return "an absolute path of at most \(mostBytes) bytes, and \(mostNameBytes) between slashes"
        }
        return nil
    }

    /// What of the sandbox's own a cache at a path would cover, or be in; nil if nothing.
    package static func reserved(at path: String) -> String? {
        let names = names(path)
        return reserved.first { place in
            let own = Self.names(place)
            return names.starts(with: own) || own.starts(with: names)
        }
    }
}

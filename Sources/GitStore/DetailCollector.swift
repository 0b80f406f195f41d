internal import BuildModel
internal import Platform

/// Collects what git does not keep of a directory's files: modes, attributes, and which names are names of one file.
struct DetailCollector {
    private var entries: [[UInt8]: SourceDetails.Entry] = [:]
    private var names: [FileIdentity: (mode: UInt32, places: [[UInt8]])] = [:]

    /// Looks at a file or directory.
    ///
    /// - Parameter place: relative to the top.
    mutating func add(_ place: [UInt8], _ status: FileStatus, at path: BytePath) throws(BuildFailure) {
        let usual: UInt32 = status.kind == .directory || status.isExecutable ? 0o755 : 0o644
        let attributes = try attributes(at: path)
        let mode = Self.shared(status)
        if mode != usual || !attributes.isEmpty {
            entries[place] = SourceDetails.Entry(mode: mode, attributes: attributes)
        }
        if status.kind == .file, status.links > 1 {
            names[status.identity, default: (mode, [])].places.append(place)
        }
    }

    /// The mode in an image, where files belong to root and the app is somebody else: what the owner may read or execute, everybody may; who
    /// else may write counts where everybody may. A directory made under another umask gives the same image then, one that runs. Nobody's
    /// setuid becomes that of root.
    private static func shared(_ status: FileStatus) -> UInt32 {
        let owned = status.mode & 0o500
        let writing = status.mode & 0o002 == 0 ? 0 : status.mode & 0o022
        let special: UInt32 = 0o1000 | (status.user == 0 ? 0o4000 : 0) | (status.group == 0 ? 0o2000 : 0)
        return status.mode & (0o700 | special) | owned >> 3 | owned >> 6 | writing
    }

    /// All of it; names that lie outside the directory do not count.
    func finish() -> SourceDetails {
        var details = SourceDetails(entries)
        for (mode, places) in names.values where places.count > 1 {
            let first = places.min { $0.lexicographicallyPrecedes($1) }
            for place in places {
                details.entries[place, default: SourceDetails.Entry(mode: mode)].firstName = first
            }
        }
        return details
    }

    private func attributes(at path: BytePath) throws(BuildFailure) -> [DirectoryHeader.Attribute] {
        let found = try ExtendedAttribute.all(
            at: path.characters,
            shown: path.display,
            where: ExtendedAttribute.isPortable
        )
        var attributes: [DirectoryHeader.Attribute] = []
        for attribute in found {
            guard !attribute.name.contains("=") else {
                throw .unsupportedFile(path, "has an attribute that no image can have; remove '\(attribute.name)'")
            }
            guard attribute.name != ExtendedAttribute.fileCapability || Self.isForAny(attribute.value) else {
                throw .unsupportedFile(path, "has capabilities in one user namespace alone; remove them with setcap -r")
            }
            attributes.append(DirectoryHeader.Attribute(name: attribute.name, value: attribute.value))
        }
        return attributes
    }

    /// capabilities(7), "File capability extended attribute versioning": version 3 names a user namespace.
    private static func isForAny(_ capability: [UInt8]) -> Bool { capability.count > 3 && capability[3] < 3 }
}

extension SourceDetails {
    /// sha256 of all of it; nil if there is nothing.
    var digest: Digest? {
        guard !entries.isEmpty else { return nil }
        let hasher = SHA256Hasher()
        for (path, entry) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let attributes = entry.attributes.map { "\($0.name)=\(Hexadecimal.encode($0.value))" }
            let names = [path, entry.firstName ?? []].map { Hexadecimal.encode($0) }
            let words = names + ["\(entry.mode)"] + attributes
            hasher.update(Array("\(words.joined(separator: "\0"))\n".utf8))
        }
        return hasher.finalize()
    }
}

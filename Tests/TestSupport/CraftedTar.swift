internal import BuildModel

/// Tar archives with entries that no well-meaning tool would write, made by Python's tarfile.
package enum CraftedTar {
    package struct Entry: Sendable, CustomStringConvertible {
        package enum Kind: String, Sendable {
            case file, directory, link, hardLink, pipe, device
        }

        package var kind: Kind
        package var name: String
        package var link = ""
        package var content = ""
        package var mode: Int64 = 0o644
        package var owner: Int64 = 0
        package var records: [String: String] = [:]

        package var description: String { "\(kind) \(name)" }

        package init(
            _ kind: Kind,
            _ name: String,
            to link: String = "",
            content: String = "",
            mode: Int64? = nil,
            owner: Int64 = 0,
            records: [String: String] = [:]
        ) {
            self.kind = kind
            self.name = name
            self.link = link
            self.content = content
            self.mode = mode ?? (kind == .directory ? 0o755 : 0o644)
            self.owner = owner
            self.records = records
        }

        fileprivate var json: JSONValue {
            [
                "kind": .string(kind.rawValue), "name": .string(name), "link": .string(link),
                "content": .string(content), "mode": .integer(mode), "owner": .integer(owner),
                "records": .object(records.mapValues { .string($0) }),
            ]
        }
    }

    /// The uncompressed archive.
    package static func bytes(_ entries: [Entry]) async throws -> [UInt8] {
        let list = JSONValue.array(entries.map(\.json))
        return try await Command.output(["python3", "-c", program], input: list.canonicalBytes).output
    }

    private static let program = """
        import io, json, sys, tarfile
        kinds = {"file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE,
                 "hardLink": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE, "device": tarfile.CHRTYPE}
        tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
        for entry in json.load(sys.stdin):
            info = tarfile.TarInfo(entry["name"])
            info.type, info.linkname, info.mode = kinds[entry["kind"]], entry["link"], entry["mode"]
            info.uid = info.gid = entry["owner"]
            info.mtime, info.pax_headers = 7, entry["records"]
            content = entry["content"].encode("utf-8", "surrogateescape")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        tar.close()
        """
}

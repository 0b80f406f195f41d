/// Directories that base images have by the Filesystem Hierarchy Standard.
///
/// A layer's entry for a directory replaces the attributes, or the symbolic link, that the base has there (OCI image
/// spec, layer.md, "Applying Changesets"): `tmp/` with 0755 would take away its sticky bit, `bin/` its link to
/// `usr/bin`. So layers have no entry for these.
enum StandardDirectories {
    static func contains(_ path: [UInt8]) -> Bool { paths.contains(path) }

    private static let paths = Set(
        (["", "usr", "usr/local", "var"].flatMap { parent in
            names(in: parent).map { Array((parent.isEmpty ? $0 : "\(parent)/\($0)").utf8) }
        })
    )

    private static func names(in parent: String) -> [Substring] {
        let names =
            switch parent {
            case "usr": "bin games include lib lib32 lib64 libexec libx32 local sbin share src"
            case "usr/local": "bin etc games include lib lib64 libexec man sbin share src"
            case "var": "backups cache db empty games lib local lock log mail opt run spool tmp"
            default:
                "bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var"
            }
        return names.split(separator: " ")
    }
}

internal import BuildModel
internal import Glibc
internal import Platform

/// A directory of a test's own, removed with everything in it when the last reference goes.
package final class Scratch: Sendable {
    package let path: String

    /// - Parameter parent: where to put it; `/dev/shm` for data that a slow disk would spoil.
    package init(in parent: String = "/tmp") throws {
        path = try Directories.createTemporary(in: parent, prefix: "slipway-test-")
    }

    deinit { try? Directories.remove(path) }

    /// A path inside.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, making its parents; returns its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: UInt32 = 0o644) throws -> String {
        let path = self(name)
        if let slash = path.lastIndex(of: "/") { try Directories.create(String(path[..<slash])) }
        try Files.writeAtomically(Array(text.utf8), to: path, mode: mode)
        chmod(path, mode)
        return path
    }
}

/// Where `make setup` keeps what is built once: base images, the API server.
package enum Cache {
    package static var directory: String {
        if let own = SystemInformation.environment("SLIPWAY_CACHE") { return own }
        let home = SystemInformation.environment("HOME") ?? "/root"
        return (SystemInformation.environment("XDG_CACHE_HOME") ?? "\(home)/.cache") + "/slipway"
    }
}

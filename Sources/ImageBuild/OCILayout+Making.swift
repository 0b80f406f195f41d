internal import BuildModel
internal import Platform

extension OCILayout {
    private static let marker = "oci-layout"
    /// Held by whoever changes the index; there for as long alone. Readers of layouts do not look at it.
    private static let lockName = ".slipway-lock"
    /// Changing an index takes milliseconds.
    private static let patience = Duration.seconds(60)

    /// Makes a layout without an image, or opens the one that is there.
    ///
    /// - Parameter pool: where files are written.
    /// - Throws: `BuildFailure` with code `invalid_layout` if the directory holds other things; `system`, `deadline_exceeded`.
    static func made(at directory: String, on pool: BlockingPool) async throws -> OCILayout {
        if !Files.exists("\(directory)/\(marker)") {
            try await pool.run {
                try checkIsVacant(directory)
                try Directories.create(directory)
            }
            try await alone(in: directory, on: pool) { try begin(directory) }
        }
        return try await pool.run {
            let layout = try OCILayout(opening: directory)
            try Directories.create("\(directory)/blobs/sha256")
            return layout
        }
    }

    /// Calls `body` while no other process changes the layout's index.
    func changing<Value: Sendable>(
        on pool: BlockingPool,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await Self.alone(in: directory, on: pool, body)
    }

    private static func alone<Value: Sendable>(
        in directory: String,
        on pool: BlockingPool,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let path = "\(directory)/\(lockName)"
        // Without locks, as on some network file systems, one process at a time can write well, as ever.
        let lock = try await FileLock.takeWherePossible(
            path,
            .exclusive,
            within: patience,
            on: pool,
            operation: "layout.lock"
        )
        return try await pool.run {
            defer { if let lock { try? lock.removeFile() } else { try? Files.remove(path) } }
            return try body()
        }
    }

    /// The marker comes last: with it the directory is a layout, which has blobs and an index.
    private static func begin(_ directory: String) throws {
        guard !Files.exists("\(directory)/\(marker)") else { return }
        try checkIsVacant(directory)
        try Directories.create("\(directory)/blobs/sha256")
        try Files.writeAtomically(index(of: []), to: "\(directory)/index.json")
        let version: JSONValue = ["imageLayoutVersion": "1.0.0"]
        try Files.writeAtomically(version.canonicalBytes, to: "\(directory)/\(marker)")
    }

    private static func checkIsVacant(_ directory: String) throws(BuildFailure) {
        guard Directories.exists(directory) else { return }
        let names = try Directories.list(directory)
        // What others make a layout of meanwhile is one.
        guard let name = names.first(where: { !isLeft($0, in: directory) }), !Files.exists("\(directory)/\(marker)")
        else { return }
        throw invalid(directory, "it is not a layout and holds other files, such as '\(name)'")
    }

    /// Whether an interrupted first write may have left it.
    private static func isLeft(_ name: String, in directory: String) -> Bool {
        let path = "\(directory)/\(name)"
        switch name {
        case lockName: return true
        case "index.json": return (try? Files.read(path, limit: documentLimit)) == index(of: [])
        case "blobs":
            let algorithms = try? Directories.list(path)
            return algorithms == [] || algorithms == ["sha256"] && (try? Directories.list("\(path)/sha256")) == []
        default: return name.hasPrefix("\(marker).") || name.hasPrefix("index.json.")
        }
    }
}

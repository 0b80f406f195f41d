package import BuildModel
package import Platform

/// Where a worker has the values of secrets: files `PROJECT/NAME` below a directory that only the operator writes.
package enum StepSecrets {
    private static let limit = 64 << 10

    /// The values of a request's secrets.
    ///
    /// - Throws: `BuildFailure` with code `not_found` that names the secret, never a value.
    package static func values(
        _ names: [String],
        project: String,
        in directory: String?
    ) throws(BuildFailure) -> [String: Redacted<String>] {
        var values: [String: Redacted<String>] = [:]
        for name in names {
            guard let directory, isName(name), isName(project) else { throw missing(name, project) }
            let path = "\(directory)/\(project)/\(name)"
            guard Files.exists(path) else { throw missing(name, project) }
            var bytes = try Files.read(path, limit: limit)
            // A last line's end, in either way of writing it.
            if bytes.last == 10 { bytes.removeLast(bytes.dropLast().last == 13 ? 2 : 1) }
            values[name] = Redacted(String(decoding: bytes, as: UTF8.self))
        }
        return values
    }

    /// One component of a path, and nothing hidden.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && !text.hasPrefix(".") && !text.contains("/") && !text.utf8.contains(0)
    }

    private static func missing(_ name: String, _ project: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .notFound,
            operation: "steps.secrets",
            message:
                "The request asks for the secret '\(name.prefix(100))', and this node has no such secret of the project "
                + "'\(project.prefix(100))': it would be the file PROJECT/NAME below sandbox.secretsDirectory."
        )
    }
}

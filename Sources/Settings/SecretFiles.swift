internal import BuildModel
internal import Platform

/// Finds and reads the files that secrets are in.
struct SecretFiles {
    /// Where a service manager put this service's secrets ($CREDENTIALS_DIRECTORY, systemd.exec(5)).
    let credentialsDirectory: String?

    /// The file that a name means: an absolute path as it is, any other name in the credentials directory if there is one.
    func path(_ name: String) -> String {
        guard !name.hasPrefix("/"), let credentialsDirectory, !credentialsDirectory.isEmpty else { return name }
        return "\(credentialsDirectory)/\(name)"
    }

    /// The secret in the file, without the line end that editors add.
    func secret(_ name: String) throws(BuildFailure) -> Redacted<String> {
        let path = path(name)
        var bytes = try Files.read(path, limit: 65536)
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        guard !bytes.isEmpty else { throw Self.unusable(path, "is empty") }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Self.unusable(path, "is not text in UTF-8")
        }
        return Redacted(text)
    }

    private static func unusable(_ path: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "settings.secret",
            message: "The file '\(path)' \(reason)."
        )
    }
}

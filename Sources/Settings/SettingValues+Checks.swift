internal import BuildModel
internal import Platform

extension SettingValues {
    func seconds(_ path: String) -> Duration { .seconds(integer(path)) }

    /// The secret in the file that the key names, or nil if the key is not set.
    mutating func secret(_ path: String, _ files: SecretFiles) -> Redacted<String>? {
        guard let name = text(path) else { return nil }
        return read(name, for: path, files)
    }

    mutating func credentials(_ path: String, _ files: SecretFiles) -> [Credential] {
        var credentials: [Credential] = []
        for entry in self.credentials(path) {
            if path.hasPrefix("registries."), entry.host.contains("://") {
                report(
                    path,
                    "'\(entry.host)' must be a host without a scheme; registries.plainHTTP decides for registries."
                )
            }
            guard let password = read(entry.passwordFile, for: path, files) else { continue }
            credentials.append(Credential(host: entry.host, username: entry.username, password: password))
        }
        return credentials
    }

    /// The path of a secret that a library reads itself.
    mutating func secretPath(_ path: String, _ files: SecretFiles) -> String? {
        guard let file = text(path).map(files.path) else { return nil }
        if !Files.exists(file) { report(path, "there is no file '\(file)'.") }
        return file
    }

    mutating func existingFile(_ path: String) -> String? {
        guard let file = text(path) else { return nil }
        if !Files.exists(file) { report(path, "there is no file '\(file)'.") }
        return file
    }

    private mutating func read(_ name: String, for path: String, _ files: SecretFiles) -> Redacted<String>? {
        do {
            return try files.secret(name)
        } catch {
            report(path, error.description)
            return nil
        }
    }

    /// Rules that join several keys. A key whose own value is wrong is left out: one mistake, one message.
    mutating func checkAgainstEachOther() {
        let wrong = Set(problems.compactMap(\.key))
        if !wrong.contains("queue.leaseSeconds"), !wrong.contains("queue.renewSeconds") {
            let (lease, renewal) = (integer("queue.leaseSeconds"), integer("queue.renewSeconds"))
            if renewal * 2 > lease {
                report(
                    "queue.renewSeconds",
                    "\(renewal) is more than half of queue.leaseSeconds (\(lease)): one lost renewal would lose the job."
                )
            }
        }
        if !wrong.contains("build.timeoutSeconds"), !wrong.contains("git.timeoutSeconds") {
            let (whole, fetch) = (integer("build.timeoutSeconds"), integer("git.timeoutSeconds"))
            if fetch > whole {
                report(
                    "git.timeoutSeconds",
                    "\(fetch) is more than build.timeoutSeconds (\(whole)), which ends the build."
                )
            }
        }
        checkCeilings()
        let (progress, rollout) = (integer("kubernetes.progressSeconds"), integer("kubernetes.rolloutSeconds"))
        if progress > rollout {
            report(
                "kubernetes.progressSeconds",
                "\(progress) is more than kubernetes.rolloutSeconds (\(rollout)), which ends the rollout."
            )
        }
    }

    /// What a step gets without asking is not more than it may have.
    private mutating func checkCeilings() {
        for name in ["memoryBytes", "processes", "processors", "diskBytes", "stepSeconds"] {
            let ceiling = "sandbox.maximum\(name.prefix(1).uppercased())\(name.dropFirst())"
            let (usual, most) = (integer("sandbox.\(name)"), integer(ceiling))
            if usual > most { report("sandbox.\(name)", "\(usual) is more than \(ceiling) (\(most)).") }
        }
    }
}

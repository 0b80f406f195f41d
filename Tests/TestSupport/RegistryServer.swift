internal import BuildModel
internal import Platform

/// A real registry, docker-registry, on a free loopback port with storage of its own; ends with its last reference.
package final class RegistryServer: Sendable {
    package let port: Int
    /// With `tls`, what it shows and who issued it.
    package let certificates: TestCertificates?
    private let scratch: Scratch
    private let process: ServerProcess

    /// The registry as image references name it.
    package var host: String { "127.0.0.1:\(port)" }

    /// Starts a registry and waits until it listens.
    ///
    /// - Parameters:
    ///   - user: name and password that every request then needs.
    ///   - tls: whether it speaks https, with a certificate from an authority of its own.
    ///   - access: a section `auth` of its configuration, in place of a user.
    ///   - seed: a storage directory whose content it begins with; it is not changed.
    package init(
        user: (name: String, password: String)? = nil,
        tls: Bool = false,
        access: String = "",
        seed: String? = nil
    ) async throws {
        scratch = try Scratch()
        port = Port.free()
        certificates = tls ? try await TestCertificates(in: scratch) : nil
        if let seed { try await Self.copy(seed, to: scratch("storage")) }
        var configuration = """
            version: 0.1
            log: {level: info, formatter: json, accesslog: {disabled: false}}
            storage: {filesystem: {rootdirectory: \(scratch("storage"))}, delete: {enabled: true}}
            http:
              addr: 127.0.0.1:\(port)
              secret: test

            """
        if let certificates {
            configuration += "  tls: {certificate: \(certificates.serverCertificate), key: \(certificates.serverKey)}\n"
        }
        if let user {
            let entry = try await Command.output(["htpasswd", "-nbB", user.name, user.password])
            try scratch.write(entry.text, to: "htpasswd")
            configuration += "auth: {htpasswd: {realm: test, path: \(scratch("htpasswd"))}}\n"
        }
        let file = try scratch.write(configuration + access, to: "config.yml")
        process = try await ServerProcess(["/usr/bin/docker-registry", "serve", file], log: scratch("log"))
        let port = port
        try await eventually("the registry listens") { Port.accepts(port) }
    }

    package func stop() { process.stop() }

    /// The requests so far, as `METHOD path status`.
    package var requests: [String] {
        process.log.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            guard parts.count > 2, line.contains(" HTTP/") else { return nil }
            let words = parts[1].split(separator: " ")
            guard words.count == 3, let status = parts[2].split(separator: " ").first else { return nil }
            return "\(words[0]) \(words[1].prefix { $0 != "?" }) \(status)"
        }
    }

    /// The manifests that were written under a tag so far.
    package var tagWrites: [TagWrite] {
        process.log.split(separator: "\n").compactMap { TagWrite(logLine: $0) }
    }

    /// Blobs never change and can be shared; the small files that name them are written in place and cannot.
    private static func copy(_ seed: String, to storage: String) async throws {
        let inner = "docker/registry/v2"
        try Directories.create("\(storage)/\(inner)")
        try await Command.output(["cp", "-al", "\(seed)/\(inner)/blobs", "\(storage)/\(inner)/blobs"])
        try await Command.output(["cp", "-a", "\(seed)/\(inner)/repositories", "\(storage)/\(inner)/repositories"])
    }
}

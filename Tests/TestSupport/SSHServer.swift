internal import Glibc
internal import Platform

/// sshd on a loopback port with keys of its own, for the user that runs the tests.
package final class SSHServer: Sendable {
    package let port: Int
    /// A private key that the server lets in.
    package let keyFile: String
    /// The same with the passphrase `correct horse`.
    package let lockedKeyFile: String
    /// A private key that it does not.
    package let strangerKeyFile: String
    /// A `known_hosts` with the server's key.
    package let knownHostsFile: String
    private let server: ServerProcess
    private let root: String

    /// - Parameter root: the directory whose repositories `url` names.
    package init(root: String, scratch: Scratch) async throws {
        port = Port.free()
        self.root = root
        let directory = scratch("sshd-\(port)")
        try Directories.create(directory, mode: 0o700)
        keyFile = "\(directory)/key"
        lockedKeyFile = "\(directory)/locked"
        strangerKeyFile = "\(directory)/stranger"
        for (file, passphrase) in [
            ("\(directory)/host", ""), (keyFile, ""), (lockedKeyFile, "correct horse"), (strangerKeyFile, ""),
        ] {
            try await Command.output(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", file])
        }
        let keys = try Files.read("\(keyFile).pub") + Files.read("\(lockedKeyFile).pub")
        try Files.writeAtomically(keys, to: "\(directory)/authorized", mode: 0o600)
        let hostKey = String(decoding: try Files.read("\(directory)/host.pub"), as: UTF8.self)
        knownHostsFile = try scratch.write("[127.0.0.1]:\(port) \(hostKey)", to: "sshd-\(port)/known_hosts")
        let file = try scratch.write(Self.configuration(directory, port), to: "sshd-\(port)/sshd_config")
        try Directories.create("/run/sshd")
        server = try await ServerProcess(
            ["/usr/sbin/sshd", "-D", "-e", "-f", file],
            log: "\(directory)/log",
            environment: ["GIT_CONFIG_NOSYSTEM": "1"]
        )
        let port = port
        try await eventually("sshd listens") { Port.accepts(port) }
    }

    /// The URL of a repository, by its path below the root.
    package func url(_ name: String) -> String { "ssh://\(user)@127.0.0.1:\(port)\(root)/\(name)" }

    package func stop() { server.stop() }

    /// What the server says about itself, for tests that fail.
    package var log: String { server.log }

    /// The user that runs the tests: sshd without root lets in nobody else.
    package var user: String {
        guard let entry = getpwuid(getuid()) else { return "root" }
        return String(cString: entry.pointee.pw_name)
    }

    private static func configuration(_ directory: String, _ port: Int) -> String {
        """
        ListenAddress 127.0.0.1:\(port)
        HostKey \(directory)/host
        AuthorizedKeysFile \(directory)/authorized
        PidFile none
        UsePAM no
        StrictModes no
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        KbdInteractiveAuthentication no

        """
    }
}

/// An ssh-agent with one key.
package final class SSHAgent: Sendable {
    package let socket: String
    private let server: ServerProcess

    package init(keyFile: String, scratch: Scratch) async throws {
        socket = scratch("agent.socket")
        server = try await ServerProcess(["/usr/bin/ssh-agent", "-D", "-a", socket], log: scratch("agent.log"))
        let socket = socket
        try await eventually("the agent listens") { Files.exists(socket) }
        try await Command.output(["ssh-add", "-q", keyFile], environment: ["SSH_AUTH_SOCK": socket])
    }

    package func stop() { server.stop() }
}

import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// ssh: keys that let in, and keys of hosts. Serialized: the library keeps one home directory for `known_hosts`.
@Suite("SSH", .serialized)
struct SSHTests {
    let fixture: GitFixture
    let server: SSHServer
    let commit: String

    init() async throws {
        fixture = try GitFixture()
        server = try await SSHServer(root: fixture.root, scratch: fixture.scratch)
        commit = try await fixture.repository().commit(["index.html": "hello"])
    }

    private var source: GitSource { GitSource(url: server.url("app")) }

    private func mirrors(_ change: (inout GitSettings) -> Void) throws -> Mirrors {
        try fixture.mirrors {
            $0.knownHostsFile = server.knownHostsFile
            change(&$0)
        }
    }

    @Test("a key file lets in, with and without a passphrase", arguments: [false, true])
    func keyFile(hasPassphrase: Bool) async throws {
        let mirrors = try mirrors {
            $0.sshKeyFile = hasPassphrase ? server.lockedKeyFile : server.keyFile
            $0.sshKeyPassphrase = hasPassphrase ? Redacted("correct horse") : nil
        }
        let revision = try await mirrors.fetch(source, log: fixture.log)
        #expect(revision.commit.hex == commit)
        #expect(try await mirrors.text("index.html", of: revision) == "hello")
        #expect(revision.repositoryURL == source.url)
        let next = try await fixture.repository().commit(["index.html": "again"])
        #expect(try await mirrors.fetch(source, log: fixture.log).commit.hex == next)
    }

    @Test("a key of the agent lets in")
    func agent() async throws {
        let agent = try await SSHAgent(keyFile: server.keyFile, scratch: fixture.scratch)
        try await ProcessEnvironment.with("SSH_AUTH_SOCK", agent.socket) {
            let mirrors = try mirrors { $0.usesSSHAgent = true }
            #expect(try await mirrors.fetch(source, log: fixture.log).commit.hex == commit)
        }
    }

    @Test("the scp-like form reaches the same repository")
    func scpForm() async throws {
        // The form has no place for a port, so what can be seen here is that it is read as ssh to port 22 of the host.
        let failure = try await failure {
            try await fixture.mirrors { $0.allowedHosts = ["git.example.org"] }
                .fetch(GitSource(url: "git@other.example.org:team/app.git"), log: fixture.log)
        }
        #expect(failure.code == .hostNotAllowed)
        #expect(failure.message.contains("other.example.org"))
    }

    @Test("a key that the host does not know is refused with what to do")
    func stranger() async throws {
        let failure = try await failure {
            try await mirrors { $0.sshKeyFile = server.strangerKeyFile }.fetch(source, log: fixture.log)
        }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("refuses the credential"))
        #expect(failure.message.contains("key file or agent"))
    }

    @Test("a key file that is missing or has another passphrase is the operator's to mend", arguments: [true, false])
    func unusableKey(isMissing: Bool) async throws {
        let file = isMissing ? fixture.scratch("missing") : server.lockedKeyFile
        let failure = try await failure {
            try await mirrors {
                $0.sshKeyFile = file
                $0.sshKeyPassphrase = Redacted("wr0ng horse")
            }.fetch(source, log: fixture.log)
        }
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.fault == .platform && !failure.isRetryable)
        #expect(failure.message.contains(file))
        #expect(!failure.description.contains("wr0ng"))
    }

    @Test("no key at all is told as such")
    func noKey() async throws {
        let failure = try await failure { try await mirrors { _ in }.fetch(source, log: fixture.log) }
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains("there is none for it"))
    }

    @Test("a host that is not in known_hosts is refused", arguments: [false, true])
    func unknownHost(fileExists: Bool) async throws {
        let file = fixture.scratch("other_hosts")
        if fileExists { try fixture.scratch.write("# nobody\n", to: "other_hosts") }
        let failure = try await failure {
            try await mirrors {
                $0.sshKeyFile = server.keyFile
                $0.knownHostsFile = file
            }.fetch(source, log: fixture.log)
        }
        #expect(failure.code == .hostKeyMismatch)
        #expect(failure.message.contains("is not in \(file)"))
    }

    @Test("a host whose key has changed is refused with the line to look at")
    func changedKey() async throws {
        let other = String(decoding: try Files.read("\(server.strangerKeyFile).pub"), as: UTF8.self)
        let file = try fixture.scratch.write("# first\n[127.0.0.1]:\(server.port) \(other)", to: "changed_hosts")
        let failure = try await failure {
            try await mirrors {
                $0.sshKeyFile = server.keyFile
                $0.knownHostsFile = file
            }.fetch(source, log: fixture.log)
        }
        #expect(failure.code == .hostKeyMismatch)
        #expect(failure.message.contains("line 2"))
        #expect(failure.message.contains("SHA256:"))
        #expect(failure.fault == .platform && !failure.isRetryable)
    }

    @Test("a host name that OpenSSH has hashed is recognised")
    func hashedHost() async throws {
        let text = String(decoding: try Files.read(server.knownHostsFile), as: UTF8.self)
        let file = try fixture.scratch.write(text, to: "hashed_hosts")
        try await Command.output(["ssh-keygen", "-q", "-H", "-f", file])
        #expect(!String(decoding: try Files.read(file), as: UTF8.self).contains("127.0.0.1"))
        let mirrors = try mirrors {
            $0.sshKeyFile = server.keyFile
            $0.knownHostsFile = file
        }
        #expect(try await mirrors.fetch(source, log: fixture.log).commit.hex == commit)
    }
}

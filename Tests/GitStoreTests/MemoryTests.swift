import BuildModel
import GitStore
import Platform
import TestSupport
import Testing

/// How much memory a server can make a fetch take.
@Suite("Memory of a fetch")
struct MemoryTests {
    let fixture: GitFixture

    init() throws {
        fixture = try GitFixture()
    }

    /// A repository of two large files that differ in a byte, which git stores as one and a delta, or of one.
    private func repository(files: Int) async throws {
        let repository = try await fixture.repository()
        for number in 0..<files {
            var bytes = [UInt8](repeating: 0, count: 48 << 20)
            bytes[number] = 1
            try Files.writeAtomically(bytes, to: "\(repository.path)/file-\(number)")
        }
        try await repository.git("add", "-A")
        try await repository.git("commit", "-q", "-m", "Large")
        try await repository.git("-c", "pack.threads=1", "repack", "-adfq", "--window", "10")
    }

    @Test("a delta that unpacks to more than the limit ends the fetch")
    func deltas() async throws {
        try await repository(files: 2)
        let server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
        let failure = try await failure {
            try await fixture.mirrors { $0.maximumMemory = 24 << 20 }
                .fetch(GitSource(url: server.url("app")), log: fixture.log)
        }
        #expect(failure.code == .limitExceeded && failure.fault == .code && !failure.isRetryable)
        #expect(failure.message.contains("24.0 MiB of memory"), "\(failure.message)")
        #expect(!fixture.log.texts.joined().contains("damaged"))
    }

    @Test("a file that is larger than the limit, stored whole, is fetched")
    func streamed() async throws {
        try await repository(files: 1)
        let server = try await GitHTTPServer(root: fixture.root, scratch: fixture.scratch)
        let mirrors = try fixture.mirrors { $0.maximumMemory = 24 << 20 }
        let revision = try await mirrors.fetch(GitSource(url: server.url("app")), log: fixture.log)
        #expect(try await mirrors.entries(of: revision).map(\.size) == [48 << 20])
    }

    @Test("a server that names branches without end is broken off")
    func advertisement() async throws {
        let port = Port.free()
        let program = """
            import socket, sys
            listener = socket.create_server(("127.0.0.1", \(port)))
            open(sys.argv[1], "w").close()
            while True:
                connection, _ = listener.accept()
                number = 0
                try:
                    while True:
                        lines = b""
                        for _ in range(1000):
                            number += 1
                            line = b"%040x refs/heads/%040d\\n" % (number, number)
                            lines += b"%04x" % (len(line) + 4) + line
                        connection.sendall(lines)
                except OSError:
                    connection.close()
            """
        let listening = fixture.scratch("listening")
        let server = try await ServerProcess(
            ["/usr/bin/python3", "-c", program, listening],
            log: fixture.scratch("endless.log")
        )
        try await eventually("the endless server listens") { Files.exists(listening) }
        let failure = try await failure {
            try await fixture.mirrors { $0.maximumPreamble = 4 << 20 }
                .fetch(GitSource(url: "git://127.0.0.1:\(port)/app"), log: fixture.log)
        }
        #expect(failure.code == .limitExceeded, "\(failure)")
        #expect(failure.message.contains("4.0 MiB of names of branches"), "\(failure.message)")
        server.stop()
    }
}

import BuildModel
import Testing

@testable import Buildpacks

@Suite("Start commands")
struct StartCommandTests {
    @Test(
        "a command that needs no shell becomes arguments",
        arguments: [
            ("node server.js", ["node", "server.js"]),
            ("  python   -m  app ", ["python", "-m", "app"]),
            ("run 'a b' \"c d\" e\\ f", ["run", "a b", "c d", "e f"]),
            ("run '$PORT' \\$HOME", ["run", "$PORT", "$HOME"]),
            ("run \"a\\\"b\" '' \"\"", ["run", "a\"b", "", ""]),
            ("run --x={a} a#b it~", ["run", "--x={a}", "a#b", "it~"]),
            ("python -c 'print(1); x = \"*\"'", ["python", "-c", "print(1); x = \"*\""]),
        ]
    )
    func plain(_ text: String, _ arguments: [String]) throws {
        #expect(try StartCommand(text: text, source: "test").arguments == arguments)
    }

    @Test(
        "one that needs a shell gets it, and leaves its process to the app where it can",
        arguments: [
            ("node server.js --port $PORT", "exec node server.js --port $PORT"),
            ("node \"$FILE\"", "exec node \"$FILE\""),
            ("node s.js > /tmp/log", "exec node s.js > /tmp/log"),
            ("ls *.py", "exec ls *.py"),
            ("echo `date`", "exec echo `date`"),
            ("a && b", "a && b"),
            ("a | b", "a | b"),
            ("a; b", "a; b"),
            ("cd app && node x.js", "cd app && node x.js"),
            ("PORT=1 node x.js", "PORT=1 node x.js"),
            ("exec node $X", "exec node $X"),
            ("a\nb", "a\nb"),
        ]
    )
    func shell(_ text: String, _ script: String) throws {
        #expect(try StartCommand(text: text, source: "test").arguments == ["/bin/sh", "-c", script])
    }

    @Test("the text of arguments reads back as the same arguments")
    func roundTrip() throws {
        let arguments = ["a", "b c", "it's", "$PORT", "", "x*", "a=b", "ü"]
        let text = StartCommand(arguments: arguments, source: "test").text
        #expect(try ShellWords(text, source: "test").words == arguments)
        #expect(try ShellWords(text, source: "test").needsShell == false)
    }

    @Test(
        "a Procfile is read with its marks and line ends",
        arguments: ["\u{FEFF}web: a b\r\nworker: c\r\n", "web:a b\nworker: c"]
    )
    func procfile(_ text: String) throws {
        let procfile = try Procfile(Array(text.utf8))
        #expect(procfile.start?.type == "web")
        #expect(procfile.start?.command == "a b")
        #expect(procfile.processes["worker"]?.command == "c")
        #expect(procfile.warnings.isEmpty)
    }

    @Test(
        "a line of a Procfile that ends with a backslash goes on in the next, at the number of the first",
        arguments: [
            ("web: a \\\n  b \\\n  c\nworker: d", "a b c"), ("web: a \\\n\nworker: d", "a"),
            ("web: a \\\r\nb\r\nworker: d", "a b"),
        ]
    )
    func continued(_ text: String, _ command: String) throws {
        let procfile = try Procfile(Array(text.utf8))
        #expect(procfile.processes["web"] == .init(command: command, line: 1))
        #expect(procfile.processes["worker"]?.command == "d")
        #expect(procfile.warnings.isEmpty)
    }

    @Test("a backslash that ends a Procfile is no word of its command")
    func lastBackslash() throws {
        #expect(try Procfile(Array("web: target/start \\".utf8)).start?.command == "target/start")
    }

    @Test("what is odd in a Procfile is said")
    func oddProcfile() throws {
        let procfile = try Procfile(Array("# comment\nweb: a\nnonsense\nweb: b: c\n".utf8))
        #expect(procfile.start?.command == "b: c")
        #expect(procfile.processes["web"]?.line == 4)
        #expect(procfile.warnings.map { $0.prefix(11) } == ["Procfile:3:", "Procfile:4:"])
    }

    @Test(
        "without web, what the image starts is worker, else the first by name, never release",
        arguments: [
            ("worker: a\nbot: b\nrelease: c", "worker", false), ("zeta: a\nbot: b\nrelease: c", "bot", true),
            ("bot: b", "bot", false), ("bot: b\nrelease: c", "bot", false), ("clock: b", "clock", true),
            ("bot: b\nclock: c", "bot", true),
        ]
    )
    func defaultProcess(_ text: String, _ type: String, _ isFurther: Bool) throws {
        let procfile = try Procfile(Array(text.utf8))
        #expect(procfile.start?.type == type)
        #expect(procfile.isFurther == isFurther)
        let warning = "Procfile has no 'web' process; '\(type)' is what the image starts."
        #expect(procfile.warnings == (isFurther ? [] : [warning]))
        #expect(try Procfile(Array("release: c".utf8)).start == nil)
    }

    @Test("a Procfile that is no text is refused", arguments: [[0x77, 0x3A, 0x00], [0xFF, 0xFE, 0x77]] as [[UInt8]])
    func binaryProcfile(_ bytes: [UInt8]) {
        let thrown = #expect(throws: BuildFailure.self) { try Procfile(bytes) }
        #expect(thrown?.code.rawValue == "invalid_manifest")
    }
}

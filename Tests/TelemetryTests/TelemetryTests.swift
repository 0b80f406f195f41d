import BuildModel
import Documents
import Logging
import Platform
import Telemetry
import TestSupport
import Testing

@Suite("The worker's own log")
struct LineLogHandlerTests {
    private func logged(_ format: LogFormat, _ body: (Logger) -> Void) throws -> [String] {
        let scratch = try Scratch()
        let descriptor = try FileHandleForTest(scratch("log"))
        var logger = Logger(label: "test") { _ in
            LineLogHandler(level: .info, format: format, output: LineOutput(descriptor: descriptor.number))
        }
        logger[metadataKey: LogKey.worker] = "node-1"
        body(logger)
        return String(decoding: try Files.read(scratch("log")), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("as JSON is one object a line, with metadata as members")
    func json() throws {
        let lines = try logged(.json) { logger in
            logger.info("build started", metadata: ["build.id": "d1", "build.epoch": "3"])
            logger.debug("not shown")
        }
        #expect(lines.count == 1)
        let line = try JSONDocument.parse(lines[0])
        #expect(line["message"] == "build started")
        #expect(line["level"] == "info")
        #expect(line["build.id"] == "d1")
        #expect(line["worker.name"] == "node-1")
        #expect(line["time"]?.string?.hasSuffix("Z") == true)
    }

    @Test("as text is one line for people, whatever the message carries")
    func text() throws {
        let lines = try logged(.text) { logger in
            logger.warning("evil\n\u{1B}[2Jtext", metadata: ["path": "a b\"c", "plain": "x"])
        }
        #expect(lines.count == 1)
        #expect(lines[0].contains("WARN  evil\\x0a\\x1b[2Jtext"))
        #expect(lines[0].contains(#"path="a b\"c" plain=x worker.name=node-1"#))
    }
}

@Suite("Text on a terminal")
struct TerminalTextTests {
    @Test(
        "shows control characters instead of obeying them",
        arguments: [
            ("plain é 😀\tx", "plain é 😀\tx"), ("\u{1B}]0;t\u{07}", "\\x1b]0;t\\x07"), ("a\u{202E}b", "a\\x202eb"),
            ("\u{9B}31m", "\\x9b31m"), ("a\rb", "a\\x0db"), ("\u{7F}", "\\x7f"),
        ]
    )
    func plain(text: String, expected: String) {
        #expect(TerminalText.plain(text) == expected)
    }
}

import BuildModel
import Platform
import TestSupport
import Testing

/// Texts that outlive whoever wrote them.
@Suite struct JournalTests {
    private let scratch: Scratch
    private var path: String { scratch("journal") }

    init() throws { scratch = try Scratch() }

    private func journal(limit: Int64 = 1 << 20) -> Journal { Journal(path: path, limit: limit) }

    @Test("what one process appends another reads, once and in order")
    func shared() throws {
        let (writer, reader) = (journal(), journal())
        try writer.append("one")
        try writer.append("two")
        #expect(try reader.newTexts() == ["one", "two"])
        try writer.append("three")
        #expect(try reader.newTexts() == ["three"])
        #expect(try reader.newTexts() == [])
        #expect(try journal().newTexts() == ["one", "two", "three"])
    }

    @Test("a write that stops at any byte costs its own text and no other")
    func torn() throws {
        try journal().append("one")
        let before = try Files.read(path)
        try journal().append("two")
        let whole = try Files.read(path)
        for length in before.count..<whole.count {
            try Files.writeAtomically(Array(whole.prefix(length)), to: path)
            try journal().append("three")
            // Without its line end alone, the torn line is whole.
            let expected = length == whole.count - 1 ? ["one", "two", "three"] : ["one", "three"]
            #expect(try journal().newTexts() == expected)
        }
    }

    @Test("a reader takes half a line only when the rest has come")
    func halfLine() throws {
        try journal().append("one")
        let whole = try Files.read(path)
        let reader = journal()
        try Files.writeAtomically(Array(whole.dropLast(3)), to: path)
        #expect(try reader.newTexts() == [])
        try Files.writeAtomically(whole, to: path)
        #expect(try reader.newTexts() == ["one"])
    }

    @Test("a changed bit anywhere hides its own line only")
    func damaged() throws {
        try journal().append("first text")
        try journal().append("second text")
        let whole = try Files.read(path)
        let first = try #require(whole.firstIndex(of: UInt8(ascii: "\n")))
        for place in 0..<first {
            var bytes = whole
            bytes[place] ^= 0x20
            try Files.writeAtomically(bytes, to: path)
            #expect(try journal().newTexts() == ["second text"])
        }
    }

    @Test("a journal over its limit keeps its newer half, and every reader notices")
    func shortened() throws {
        let (writer, reader) = (journal(limit: 2000), journal())
        for number in 0..<100 {
            try writer.append("text \(number)")
            #expect(try reader.newTexts().last == "text \(number)")
        }
        #expect(try Files.read(path).count < 2100)
        let texts = try journal().newTexts()
        #expect(texts == (100 - texts.count..<100).map { "text \($0)" })
        #expect(texts.count > 20)
    }

    @Test("many writers at once lose nothing")
    func concurrent() async throws {
        let path = path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let journal = Journal(path: path, limit: 1 << 20, patience: .seconds(120))
                    for number in 0..<50 { try await journal.append("\(writer)-\(number)") }
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(try journal().newTexts()).count == 200)
    }

    /// A process that was stopped while it wrote.
    private func holder() async throws -> ServerProcess {
        try await journal().append("one")
        let holder = try await ServerProcess(["flock", "--no-fork", path, "sleep", "600"], log: scratch("log"))
        try await eventually("it has the lock") {
            try await Command.result(["flock", "-n", path, "true"]).status != 0
        }
        return holder
    }

    @Test("a process that was stopped while it wrote costs a failure that names the file")
    func locked() async throws {
        let holder = try await holder()
        defer { holder.stop() }
        let journal = Journal(path: path, limit: 1000, patience: .milliseconds(50))
        let failure = await #expect(throws: BuildFailure.self) { try await journal.append("two") }
        #expect(failure?.message.contains("Cannot lock '\(path)'") == true)
        #expect(try journal.newTexts() == ["one"])
    }

    @Test("who waits for another process holds no thread that others need")
    func waiting() async throws {
        let holder = try await holder()
        defer { holder.stop() }
        let writer = Writer(Journal(path: path, limit: 1000, patience: .seconds(600)))
        let writing = Task { try await writer.write() }
        try await eventually("it writes") { await writer.hasBegun }
        // Its one thread answers, and the lock is not free yet.
        #expect(await !writer.isDone)
        holder.stop()
        try await writing.value
        #expect(try journal().newTexts() == ["one", "two"])
    }

    /// Writes, and has one thread for that and all questions.
    private actor Writer {
        private let executor = SerialThreadExecutor(label: "writer")
        private let journal: Journal
        private(set) var hasBegun = false
        private(set) var isDone = false

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        init(_ journal: Journal) { self.journal = journal }

        func write() async throws {
            hasBegun = true
            try await journal.append("two")
            isDone = true
        }
    }

    @Test("a file that cannot be opened is named")
    func unusable() throws {
        let journal = Journal(path: scratch("none/journal"), limit: 1000)
        let failure = #expect(throws: BuildFailure.self) { try journal.append("text") }
        #expect(failure?.message.contains("none/journal") == true)
    }
}

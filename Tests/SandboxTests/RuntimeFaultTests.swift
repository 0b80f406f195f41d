import BuildModel
import Glibc
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A runtime that does not work is not the code's fault")
struct RuntimeFaultTests {
    private func failure(_ runtime: String, _ sandbox: TestSandbox) async throws -> BuildFailure {
        var settings = sandbox.settings
        settings.runtime = runtime
        let runner = SandboxRunner(settings: settings)
        let step = try sandbox.step("true")
        return try await #require(throws: BuildFailure.self) { _ = try await runner.run(step, log: sandbox.log) }
    }

    @Test(
        "whatever it does instead of starting the command, the failure is the platform's and worth another try",
        arguments: [
            ("exit 0", "status 0"), ("exit 1", "status 1"), ("echo out of order >&2; exit 127", "status 127"),
            ("kill -9 $$", "status 137"), ("exit 125", "status 125"),
        ]
    )
    func broken(_ script: String, _ words: String) async throws {
        let sandbox = try TestSandbox()
        let runtime = try sandbox.scratch.write("#!/bin/sh\n\(script)\n", to: "crun")
        try await Command.output(["chmod", "755", runtime])
        let failure = try await failure(runtime, sandbox)
        #expect(failure.fault == .platform)
        #expect(failure.code == .sandboxUnavailable)
        #expect(failure.isRetryable)
        #expect(failure.message.contains("could not start step 'step'"), "\(failure)")
        #expect(failure.message.contains(words), "\(failure)")
    }

    @Test("it may be anywhere: where the sandbox has its own files, and behind a link")
    func anywhere() async throws {
        let sandbox = try TestSandbox()
        try await Command.output(["cp", "/usr/bin/crun", sandbox.scratch("crun")])
        symlink(sandbox.scratch("crun"), "\(sandbox.scratch.path)/crun-link")
        for name in ["crun", "crun-link"] {
            var settings = sandbox.settings
            settings.runtime = sandbox.scratch(name)
            _ = try await SandboxRunner(settings: settings).run(try sandbox.step("echo from \(name)"), log: sandbox.log)
            #expect(sandbox.log.texts.contains("step: from \(name)"))
        }
    }

    @Test("a file that is no program is none of the code's either")
    func unfit() async throws {
        let sandbox = try TestSandbox()
        let runtime = try sandbox.scratch.write("no program\n", to: "crun")
        try await Command.output(["chmod", "755", runtime])
        let failure = try await failure(runtime, sandbox)
        #expect(failure.fault == .platform)
        #expect(failure.isRetryable)
    }

    @Test("a runtime that is not there is named, with what to do")
    func missing() async throws {
        let sandbox = try TestSandbox()
        let failure = try await failure(sandbox.scratch("nothing"), sandbox)
        #expect(failure.fault == .platform)
        #expect(failure.message.contains("Install crun, or set sandbox.runtime"), "\(failure)")
    }

    @Test("a file where the sandbox needs a directory is the code's fault, and named", arguments: TestSandbox.runtimes)
    func obstacles(_ runtime: String) async throws {
        let path = try await TestSandbox.path(ofRuntime: runtime)
        let table: [(file: String, cache: String, directory: String, words: String)] = [
            ("kept", "/etc/passwd", "/work", "a file at '/etc/passwd', where its sandbox needs a directory"),
            ("kept", "/etc/passwd/deep/down", "/work", "a file at '/etc/passwd'"),
            ("tmp", "/var/kept", "/work", "a file at '/tmp'"),
            ("kept", "/var/kept", "/etc/passwd/x", "a file at '/etc/passwd'"),
        ]
        for row in table {
            let sandbox = try TestSandbox { $0.runtime = path }
            rmdir("\(sandbox.root)/\(row.file)")
            try sandbox.scratch.write("", to: "root/\(row.file)")
            try Directories.create(sandbox.scratch("kept"))
            var step = try sandbox.step("true") { $0.workingDirectory = row.directory }
            step.caches = [StepCache(CacheMount(name: "kept", path: row.cache), directory: sandbox.scratch("kept"))]
            let failure = try await #require(throws: BuildFailure.self) {
                _ = try await sandbox.runner.run(step, log: sandbox.log)
            }
            #expect(failure.fault == .code && !failure.isRetryable, "\(failure)")
            let words = "docker.io/library/busybox:1, or an earlier step, has \(row.words)"
            #expect(failure.message.contains(words), "\(failure)")
        }
    }

    @Test("an image of more layers than can be mounted is the code's fault")
    func layers() async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step("true")
        step.lowers = Array(repeating: sandbox.root, count: 251)
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.runner.run(step, log: sandbox.log)
        }
        #expect(failure.fault == .code && failure.message.contains("251 layers"), "\(failure)")
    }

    @Test("a command of the code that ends as a runtime would is the code's fault")
    func ordinary() async throws {
        let sandbox = try TestSandbox()
        let failure = try await #require(throws: BuildFailure.self) { _ = try await sandbox.run("exit 125") }
        #expect(failure.fault == .code)
        #expect(failure.code == .stepFailed)
    }
}

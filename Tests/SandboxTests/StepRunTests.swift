import BuildModel
import Glibc
import Platform
import Sandbox
import TestSupport
import Testing

@Suite("A step in the sandbox")
struct StepRunTests {
    @Test("runs its command as root of nothing, and what it writes is what it changed")
    func run() async throws {
        let sandbox = try TestSandbox()
        let outcome = try await sandbox.run("id -u; echo hello >/written; rm /etc/removed; echo x >/tmp/y")
        #expect(sandbox.log.texts.contains("step: 0"))
        #expect(try Directories.list(outcome.upperDirectory) == ["etc", "written"])
        #expect(try Files.read("\(outcome.upperDirectory)/written") == Array("hello\n".utf8))
        var status = stat()
        #expect(lstat("\(outcome.upperDirectory)/written", &status) == 0)
        #expect(status.st_uid == outcome.idBase)
        #expect(lstat("\(outcome.upperDirectory)/etc/removed", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFCHR, "a whiteout")
    }

    @Test("the image's owners are the step's, and the image stays as it is")
    func owners() async throws {
        let sandbox = try TestSandbox()
        chown("\(sandbox.root)/etc/removed", 1000, 1001)
        _ = try await sandbox.run("stat -c '%u:%g' /etc/removed /etc/passwd; echo more >>/etc/passwd")
        #expect(sandbox.log.texts.prefix(2) == ["step: 1000:1001", "step: 0:0"])
        let passwords = try Files.read("\(sandbox.root)/etc/passwd")
        #expect(!String(decoding: passwords, as: UTF8.self).contains("more"))
    }

    @Test("output comes live, in order, both streams in one, with the step's name")
    func output() async throws {
        let sandbox = try TestSandbox()
        async let outcome = sandbox.run(
            "echo one; echo two >&2; printf 'thr'; printf 'ee\\n'; while [ ! -e /go ]; do sleep 0.1; [ -e /proc/1/nothing ] || touch /go; done; printf end"
        )
        try await eventually("the first lines came") { sandbox.log.texts.count >= 3 }
        _ = try await outcome
        #expect(sandbox.log.texts == ["step: one", "step: two", "step: three", "step: end"])
    }

    @Test("a command that fails is the code's fault, with its status")
    func failing() async throws {
        let sandbox = try TestSandbox()
        let failure = try await #require(throws: BuildFailure.self) { _ = try await sandbox.run("exit 3") }
        #expect(failure.code == .stepFailed)
        #expect(failure.fault == .code)
        #expect(failure.message == "Step 'step' (exit 3) ended with status 3.")
    }

    @Test("a command that the image does not have is named")
    func missing() async throws {
        let sandbox = try TestSandbox()
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.run("x") { $0.arguments = ["no-such-program"] }
        }
        #expect(failure.code == .commandNotFound, "\(failure)")
        #expect(failure.message.contains("'no-such-program'"))
    }

    @Test("a cancelled step is gone when the run returns")
    func cancelled() async throws {
        let sandbox = try TestSandbox()
        let running = Task { try await sandbox.run("echo started; sleep 5432") }
        try await eventually("it runs") { !sandbox.log.texts.isEmpty }
        running.cancel()
        let failure = await #expect(throws: BuildFailure.self) { _ = try await running.value }
        #expect(failure?.fault == .cancelled)
        #expect(try await Command.result(["pgrep", "-f", "sleep 5432"]).text.isEmpty)
    }

    @Test("a cache keeps what steps leave there, as the node's root, and is no part of what they changed")
    func cache() async throws {
        let sandbox = try TestSandbox()
        let directory = sandbox.scratch("cache")
        try Directories.create(directory)
        for (script, expected) in [("echo kept >/var/cache/x/file", []), ("cat /var/cache/x/file", ["step: kept"])] {
            var step = try sandbox.step(script)
            step.caches = [StepCache(CacheMount(name: "x", path: "/var/cache/x"), directory: directory)]
            let outcome = try await sandbox.runner.run(step, log: sandbox.log)
            #expect(sandbox.log.texts == expected)
            #expect(try Directories.list(outcome.upperDirectory) == [])
        }
        var status = stat()
        #expect(lstat("\(directory)/file", &status) == 0)
        #expect(status.st_uid == 0)
    }

    @Test("a secret that is too short to be hidden is, and the log says so once")
    func shortSecret() async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step("echo $PIN $TOKEN; echo $PIN")
        step.secrets = ["PIN": Redacted("123"), "TOKEN": Redacted("1234"), "NONE": Redacted("")]
        _ = try await sandbox.runner.run(step, log: sandbox.log)
        let warning =
            "step: its log shows the secrets PIN where its output has them: values of fewer than 4 bytes cannot be hidden."
        #expect(sandbox.log.texts == [warning, "step: 123 ***", "step: 123"])
    }

    @Test("a secret is hidden whatever stands beside it: bytes are compared, line by line")
    func maskedBytes() async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step(
            "printf '%s\\314\\201\\n' \"$TOKEN\"; printf '\\377%s\\342\\200\\215\\n' \"$TOKEN\"; printf '%s\\n' \"$KEY\""
        )
        step.secrets = ["TOKEN": Redacted("hidden-value"), "KEY": Redacted("first-line\r\nsecond-line\r\n")]
        _ = try await sandbox.runner.run(step, log: sandbox.log)
        let texts = sandbox.log.texts
        #expect(texts.prefix(2).map { $0.utf8.count } == [11, 15], "\(texts)")
        #expect(texts.allSatisfy { $0.utf8.starts(with: "step: ".utf8) && !$0.contains("line") }, "\(texts)")
        #expect(!texts.joined().utf8.map(String.init).joined(separator: ",").contains("104,105,100,100,101,110"))
    }

    @Test("a secret is a variable and a file for its step alone, and never in the log, the changes or the scratch")
    func secrets() async throws {
        let sandbox = try TestSandbox()
        var step = try sandbox.step(
            "echo \"it is $TOKEN\"; cat /run/secrets/TOKEN; echo; ls /run/secrets; echo x >/run/secrets/TOKEN"
        )
        step.secrets = ["TOKEN": Redacted("s3cr3t-value")]
        let failure = try await #require(throws: BuildFailure.self) {
            _ = try await sandbox.runner.run(step, log: sandbox.log)
        }
        #expect(failure.code == .stepFailed, "a secret's file cannot be written")
        #expect(sandbox.log.texts.prefix(3) == ["step: it is ***", "step: ***", "step: TOKEN"])
        #expect(try await Command.result(["grep", "-rl", "s3cr3t-value", sandbox.scratch.path]).text.isEmpty)
        let outcome = try await sandbox.run("env; cat /run/secrets/TOKEN 2>&1; true")
        #expect(!sandbox.log.texts.contains { $0.contains("s3cr3t") || $0.contains("TOKEN=") })
        #expect(try Directories.list(outcome.upperDirectory) == [])
    }

    @Test("two steps at once see nothing of each other, nor of the worker")
    func apart() async throws {
        setenv("SLIPWAY_TEST_WORKER_SECRET", "worker-secret", 1)
        let sandbox = try TestSandbox()
        let (one, other) = (try sandbox.step("echo mine >/tmp/mine; echo mine >/mine; sleep 12"), CollectedLog())
        var two = try sandbox.step(
            "ls /tmp / ; ps -o pid,args; env; cat /proc/*/environ | tr '\\0' '\\n'; id -u; cat /proc/self/uid_map"
        )
        two.step.name = "two"
        async let first = sandbox.runner.run(one, log: other)
        async let second = sandbox.runner.run(two, log: sandbox.log)
        let (left, right) = try await (first, second)
        #expect(left.idBase != right.idBase, "each has ids of its own")
        let text = sandbox.log.texts.joined(separator: "\n")
        #expect(!text.contains("mine"))
        #expect(!text.contains("worker-secret"))
        #expect(!text.contains("sleep 12"))
        #expect(text.contains("\(right.idBase)"))
    }

    @Test("what is needed to mount things shows up only where the image has nothing, and never in what changed")
    func stubs() async throws {
        let sandbox = try TestSandbox()
        let outcome = try await sandbox.run("ls -d /run /etc/hosts /work /dev/pts; cat /etc/hosts | head -n 1") {
            $0.workingDirectory = "/new/place"
        }
        #expect(sandbox.log.texts.contains("step: 127.0.0.1 localhost slipway"))
        #expect(try Directories.list(outcome.upperDirectory) == [])
    }
}

import BuildModel
import Settings
import Testing

@Suite("What is wrong with a configuration")
struct ProblemTests {
    @Test(
        "a mistake in the file is named with its place",
        arguments: [
            ("redis:\n  ulr: x\n", "worker.yaml:2: unknown key 'redis.ulr' (did you mean 'redis.url'?)."),
            ("rediss:\n  url: x\n", "worker.yaml:1: unknown key 'rediss' (did you mean 'redis'?)."),
            ("zebra: 1\n", "worker.yaml:1: unknown key 'zebra'."),
            (
                "redis.url: redis://h\n",
                "worker.yaml:1: 'redis.url' must be nested: 'redis:' and, indented below it, 'url:'."
            ),
            ("buildpacks: 5\n", "worker.yaml:1: 'buildpacks' is a section: below it, indented, go directory."),
            (
                "worker:\n  slots: two\n",
                "worker.yaml:2:10: worker.slots: 'two' is not allowed; "
                    + "it must be a whole number from 1 to 256 (builds)."
            ),
            (
                "worker:\n  slots: \"2\"\n",
                "worker.yaml:2:10: worker.slots: '2' is not allowed; "
                    + "it must be a whole number from 1 to 256 (builds)."
            ),
            (
                "git:\n  allowFile: yes\n",
                "worker.yaml:2:14: git.allowFile: 'yes' is not allowed; it must be true or false."
            ),
            (
                "log: {format: jsno}\n",
                "worker.yaml:1:15: log.format: 'jsno' is not allowed; it must be one of auto, text, json "
                    + "(did you mean 'json'?)."
            ),
            (
                "git: {allowedHosts: a.example.org}\n",
                "worker.yaml:1:21: git.allowedHosts: it must be a list, each element a host such as git.example.org, "
                    + "or *.example.org for all below it: [a, b]."
            ),
            (
                "git:\n  credentials:\n    - {host: h, user: u, passwordFile: f}\n",
                "worker.yaml:3:23: git.credentials: unknown key 'user'; known are host, username and passwordFile."
            ),
            (
                "redis:\n  passwordFile: /nowhere\n",
                "worker.yaml:2:17: redis.passwordFile: There is no file '/nowhere'."
            ),
            ("farm: a\nfarm: b\n", "worker.yaml:2:1: the key 'farm' is there twice."),
            ("- a\n", "worker.yaml:1:1: the file must be a map of sections and keys."),
            ("a: [\n", "worker.yaml:2:1: did not find expected node content."),
        ]
    )
    func places(_ text: String, _ expected: String) throws {
        #expect(try problems(text).first == expected)
    }

    @Test("all problems are named at once, also those of values that something overrides")
    func all() throws {
        let found = try problems(
            "farm: 'no spaces'\nlog: {level: loud}\n",
            environment: ["SLIPWAY_FARM": "ok", "SLIPWAY_WORKER_SLOTS": "0"],
            flags: ["--redis-ulr": "x", "--layers-threads": "many"]
        )
        #expect(found.count == 5)
        #expect(found.contains { $0.hasPrefix("worker.yaml:1:7: farm: 'no spaces' is not allowed") })
        #expect(found.contains { $0.hasPrefix("environment variable SLIPWAY_WORKER_SLOTS: worker.slots: '0'") })
        #expect(found.contains("flag --redis-ulr: unknown flag (did you mean '--redis-url'?)."))
    }

    @Test(
        "rules that join keys are checked",
        arguments: [
            ("queue: {leaseSeconds: 10, renewSeconds: 6}", "queue.renewSeconds: 6 is more than half"),
            ("build: {timeoutSeconds: 60}", "git.timeoutSeconds: 300 is more than build.timeoutSeconds (60)"),
            (
                "kubernetes: {progressSeconds: 700}",
                "kubernetes.progressSeconds: 700 is more than kubernetes.rolloutSeconds (600), which ends the rollout."
            ),
        ]
    )
    func joined(_ text: String, _ words: String) throws {
        let found = try problems(text)
        #expect(found.count == 1)
        #expect(found.first?.contains(words) == true, "\(found)")
    }

    @Test("one mistake is one message, not also one about what it would join")
    func once() throws {
        #expect(try problems("queue: {leaseSeconds: 1, renewSeconds: 6}").count == 1)
    }

    @Test("a file that is not there is a problem that names it")
    func missing() {
        let thrown = #expect(throws: SettingsProblems.self) {
            try WorkerSettings.load(file: "/nowhere/worker.yaml", environment: [:])
        }
        #expect(thrown?.description == "/nowhere/worker.yaml: There is no file '/nowhere/worker.yaml'.")
        #expect(thrown?.failure.code == .invalidConfiguration)
    }

    @Test(
        "a wrong prefix to push to is refused",
        arguments: ["apps", "127.0.0.1:5000/Apps", "h.example/a:1", "h.io/a/"]
    )
    func prefixes(_ prefix: String) throws {
        #expect(try problems(flags: ["--registries-push": prefix]).count == 1)
    }

    @Test("a wrong url is refused", arguments: ["127.0.0.1:6379", "http://h", "redis://", "redis://a b"])
    func urls(_ url: String) throws {
        #expect(try problems(flags: ["--redis-url": url]).count == 1)
    }
}

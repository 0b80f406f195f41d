import Settings
import Testing

@Suite("Where values come from")
struct PrecedenceTests {
    @Test("without anything, defaults hold")
    func defaults() throws {
        let settings = try load()
        #expect(settings.farm == "farm")
        #expect(settings.worker.name == "builder-1")
        #expect(settings.worker.slots == 2)
        #expect(settings.redis.url == "redis://127.0.0.1:6379/0")
        #expect(settings.redis.password == nil)
        #expect(settings.queue.lease == .seconds(30))
        #expect(settings.cacheDirectory == "/home/me/.cache/slipway")
        #expect(settings.registries.layouts == ["/home/me/.cache/slipway/base-images"])
        #expect(settings.kubernetes.isEnabled == false)
        #expect(settings.log.format == .auto)
    }

    @Test("a flag goes before the environment, that before the file, that before the default")
    func order() throws {
        let file = "worker:\n  slots: 3\nfarm: blue\nlog:\n  level: debug\n"
        let environment = ["SLIPWAY_WORKER_SLOTS": "4", "SLIPWAY_FARM": "green"]
        let settings = try load(file, environment: environment, flags: ["--worker-slots": "5"])
        #expect(settings.worker.slots == 5)
        #expect(settings.farm == "green")
        #expect(settings.log.level == "debug")
        #expect(settings.origins["worker.slots"] == .flag("--worker-slots"))
        #expect(settings.origins["farm"] == .environment("SLIPWAY_FARM"))
        #expect(settings.origins["queue.leaseSeconds"] == .builtIn)
    }

    @Test("an empty variable, an empty section and an empty key count as unset")
    func unset() throws {
        let settings = try load("redis:\nworker:\n  slots:\nfarm: ~\n", environment: ["SLIPWAY_FARM": ""])
        #expect(settings.farm == "farm")
        #expect(settings.worker.slots == 2)
    }

    @Test("an empty file is a whole configuration", arguments: ["", "# nothing\n", "---\n"])
    func empty(_ text: String) throws {
        #expect(try load(text).farm == "farm")
    }

    @Test("lists, maps and credentials read the same from a file and from a variable")
    func collections() throws {
        let file = """
            worker: {labels: {zone: a, disk: ssd}}
            git: {allowedHosts: [git.example.org, "*.example.com"]}
            registries:
              mirrors: {docker.io: ["127.0.0.1:5000", mirror.example.org/hub], "[::1]:5000": [m.example.org]}
            """
        let environment = [
            "SLIPWAY_WORKER_LABELS": "zone=a, disk=ssd",
            "SLIPWAY_GIT_ALLOWED_HOSTS": "git.example.org,*.example.com",
            "SLIPWAY_REGISTRIES_MIRRORS":
                "docker.io=127.0.0.1:5000,[::1]:5000=m.example.org,docker.io=mirror.example.org/hub",
        ]
        let fromFile = try load(file)
        let fromEnvironment = try load(environment: environment)
        #expect(fromFile.worker.labels == ["zone": "a", "disk": "ssd"])
        #expect(fromFile.registries.mirrors["docker.io"] == ["127.0.0.1:5000", "mirror.example.org/hub"])
        #expect(fromEnvironment.worker.labels == fromFile.worker.labels)
        #expect(fromEnvironment.git.allowedHosts == fromFile.git.allowedHosts)
        #expect(fromEnvironment.registries.mirrors == fromFile.registries.mirrors)
    }

    @Test("a misspelt variable is a warning, one of somebody else's is nothing")
    func variables() throws {
        let variables = ["SLIPWAY_REDIS_ULR": "x", "SLIPWAY_SERVICE_HOST": "10.0.0.1", "OTHER": "1"]
        let warnings = try load(environment: variables).warnings.map(\.description)
        #expect(
            warnings == ["environment variable SLIPWAY_REDIS_ULR: it means nothing; did you mean SLIPWAY_REDIS_URL?"]
        )
    }

    @Test("names of variables and flags follow from the key")
    func names() {
        let key = SettingKey.at("registries.plainHTTP")
        #expect(key?.environment == "SLIPWAY_REGISTRIES_PLAIN_HTTP")
        #expect(key?.flag == "--registries-plain-http")
        #expect(SettingKey.at("redis.passwordFile")?.environment == "SLIPWAY_REDIS_PASSWORD_FILE")
        #expect(SettingKey.at("cacheDirectory")?.flag == "--cache-directory")
        #expect(Set(SettingKey.all.map(\.flag)).count == SettingKey.all.count)
    }
}

import Platform
import Settings
import TestSupport
import Testing

@Suite("Secrets in the configuration")
struct SecretTests {
    @Test("a secret is read from its file, without the line end, and does not print")
    func read() throws {
        let scratch = try Scratch()
        let file = try scratch.write("hunter2\n", to: "password")
        let settings = try load("redis: {passwordFile: \(file)}")
        #expect(settings.redis.password?.exposed == "hunter2")
        #expect(!"\(settings)".contains("hunter2"))
    }

    @Test("a relative name is looked for in the credentials directory")
    func credentialsDirectory() throws {
        let scratch = try Scratch()
        try scratch.write("token\r\n", to: "git-token")
        try scratch.write("apiVersion: v1\n", to: "cluster")
        let settings = try load(
            environment: [
                "CREDENTIALS_DIRECTORY": scratch.path, "SLIPWAY_GIT_CREDENTIALS": "git.example.org=bot:git-token",
                "SLIPWAY_KUBERNETES_KUBECONFIG": "cluster",
            ]
        )
        #expect(settings.git.credentials.first?.username == "bot")
        #expect(settings.git.credentials.first?.password.exposed == "token")
        #expect(settings.kubernetes.kubeconfig == scratch("cluster"))
        #expect(settings.kubernetes.isEnabled)
    }

    @Test("an empty secret and one that is no text are refused", arguments: ["", "\n", "a\u{0}b"])
    func unusable(_ content: String) throws {
        let scratch = try Scratch()
        let file = try scratch.write(content, to: "password")
        #expect(try problems("redis: {passwordFile: \(file)}").count == 1)
    }

    @Test("a password in the url is refused and not shown")
    func url() throws {
        let found = try problems(environment: ["SLIPWAY_REDIS_URL": "redis://me:hunter2@host/0"])
        #expect(found.count == 1)
        #expect(found.first?.contains("redis.passwordFile") == true)
        #expect(found.first?.contains("hunter2") == false)
    }

    @Test("a password in the place of its file is not shown")
    func misplaced() throws {
        let found = try problems(environment: ["SLIPWAY_REGISTRIES_CREDENTIALS": "h.example.org=me hunter2"])
        #expect(found.count == 1)
        #expect(found.first?.contains("hunter2") == false)
    }
}

import BuildModel
import Kubernetes
import Testing

@Suite("A request, an image and the configuration come to an intent")
struct DeploymentIntentTests {
    @Test("defaults are those of the contract")
    func defaults() throws {
        let intent = try Sample.intent()
        #expect(intent.name == "shop")
        #expect(intent.namespace == "demo")
        #expect(intent.port == 3000)
        #expect(intent.livenessPath == "/health")
        #expect(intent.readinessPath == "/ready")
        #expect(intent.environment == ["PORT": "3000"])
        #expect(intent.image.description == "registry.example.com/apps/shop@" + Sample.digest("a"))
        #expect(intent.resources == ContainerResources())
    }

    @Test("the request's port wins over its variable, which wins over the plan")
    func port() throws {
        let variable = Sample.request { $0.environmentVariables = ["PORT": "8080"] }
        #expect(try Sample.intent(variable).port == 8080)
        let both = Sample.request {
            $0.environmentVariables = ["PORT": "8080"]
            $0.port = 9090
        }
        #expect(try Sample.intent(both).port == 9090)
        #expect(try Sample.intent(both).environment == ["PORT": "9090"])
    }

    @Test("a health check path of the request is asked for both probes; the configuration's paths without it")
    func probes() throws {
        let own = try Sample.intent(Sample.request { $0.healthCheckPath = "/up" })
        #expect(own.livenessPath == "/up")
        #expect(own.readinessPath == "/up")
        let settings = DeployerSettings(livenessPath: "/live", readinessPath: "/")
        #expect(try Sample.intent(settings: settings).livenessPath == "/live")
        #expect(try Sample.intent(settings: settings).readinessPath == "/")
    }

    @Test("the health path that the source names is asked where the request names none")
    func probesOfPlan() throws {
        var plan = try Sample.plan()
        plan.healthPath = "/well"
        for (path, expected) in [(nil, "/well"), ("/up", "/up")] as [(String?, String)] {
            let intent = try DeploymentIntent(
                request: Sample.request { $0.healthCheckPath = path },
                image: try Sample.published("a"),
                plan: plan,
                revision: try Sample.revision(),
                epoch: 1,
                settings: DeployerSettings(livenessPath: "/live", readinessPath: "/")
            )
            #expect(intent.livenessPath == expected)
            #expect(intent.readinessPath == expected)
        }
    }

    @Test("a health path that cannot be asked is named as the request's or the repository's", arguments: [true, false])
    func badPath(isAsked: Bool) throws {
        var plan = try Sample.plan()
        plan.healthPath = isAsked ? "/fine" : "/no way"
        let failure = #expect(throws: BuildFailure.self) {
            try DeploymentIntent(
                request: Sample.request { $0.healthCheckPath = isAsked ? "/no way" : nil },
                image: try Sample.published("a"),
                plan: plan,
                revision: try Sample.revision(),
                epoch: 1,
                settings: DeployerSettings()
            )
        }
        #expect(failure?.message.contains("Field 'healthCheckPath'") == isAsked)
        #expect(failure?.message.contains("'/no way', which the repository names,") == !isAsked)
    }

    @Test("resources of the request replace the defaults one by one")
    func resources() throws {
        let request = Sample.request {
            $0.resources.cpuLimit = "2"
            $0.resources.memoryRequest = "64Mi"
        }
        let expected = ContainerResources(
            cpuRequest: "100m",
            memoryRequest: "64Mi",
            cpuLimit: "2",
            memoryLimit: "512Mi"
        )
        #expect(try Sample.intent(request).resources == expected)
    }

    /// A request's wrong field.
    static let wrongRequests: [(field: String, edit: @Sendable (inout BuildRequest) -> Void)] = [
        ("environmentVariables.PORT", { $0.environmentVariables = ["PORT": "http"] }),
        ("environmentVariables.PORT", { $0.environmentVariables = ["PORT": "0"] }),
        ("healthCheckPath", { $0.healthCheckPath = "/a b" }),
        ("healthCheckPath", { $0.healthCheckPath = "/\r\nX: y" }),
        ("resources.requests.cpu", { $0.resources.cpuRequest = "much" }),
        ("resources.limits.memory", { $0.resources.memoryLimit = "-1Gi" }),
    ]

    @Test("a wrong field of the request is named", arguments: wrongRequests.indices)
    func wrongRequest(index: Int) async throws {
        let wrong = Self.wrongRequests[index]
        let failure = try await failure { _ = try Sample.intent(Sample.request(wrong.edit)) }
        #expect(failure.fault == .code)
        #expect(failure.code == .invalidRequest)
        #expect(failure.message.contains("'\(wrong.field)'"))
    }

    @Test(
        "a wrong key of the configuration is named",
        arguments: [
            (DeployerSettings(namespace: "Prod"), "kubernetes.namespace"),
            (DeployerSettings(namespace: "a/../b"), "kubernetes.namespace"),
            (DeployerSettings(platform: "my platform"), "kubernetes.platform"),
            (DeployerSettings(labels: ["team": "a b"]), "kubernetes.labels.team"),
        ]
    )
    func wrongSettings(settings: DeployerSettings, key: String) async throws {
        let failure = try await failure { _ = try Sample.intent(settings: settings) }
        #expect(failure.fault == .platform)
        #expect(failure.code == .invalidConfiguration)
        #expect(failure.message.contains(key))
    }
}

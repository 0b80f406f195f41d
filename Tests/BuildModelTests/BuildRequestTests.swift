import BuildModel
import Documents
import Testing

@Suite("A build request")
struct BuildRequestTests {
    private func request(_ more: String = "") throws -> BuildRequest {
        let text = #"{"deploymentId":"d1","projectId":"p1","repositoryUrl":"https://git.example.org/a.git"\#(more)}"#
        return try BuildRequest(json: try JSONDocument.parse(text))
    }

    @Test("needs three fields and has defaults for the rest")
    func defaults() throws {
        let request = try request()
        #expect(request.deploymentID == "d1")
        #expect(request.projectID == "p1")
        #expect(request.repositoryURL == "https://git.example.org/a.git")
        #expect(request.retry == RetryRequest(attempts: 3, delayMilliseconds: 2000))
        #expect(request.rootDirectory.isEmpty)
        #expect(request.deploy == .cluster)
        #expect(request.port == nil)
        #expect(request.stepLimits == StepLimits())
    }

    @Test("reads every field of the contract")
    func everything() throws {
        let request = try request(
            #"""
            ,"version":1,"organizationId":"o","branch":"main","commitSha":"ABCDEF12","commitMessage":"m","authorName":"n",
            "authorEmail":"e","rootDirectory":"/apps/./web/","buildCommand":"b","startCommand":"s","environmentVariables":
            {"A":"1","B":2,"C":true},"buildSecrets":["S"],"stepLimits":
            {"memoryMiB":512,"processes":9,"processors":2,"diskMiB":64,"seconds":5,"outputMiB":3},"image":"127.0.0.1:5000/x:y","priority":-5,"attempts":7,
            "backoff":{"type":"exponential","delay":10},"timeoutSeconds":60,"supersedes":"k","healthCheckPath":"/up",
            "port":8080,"customDomain":"a.example.org","deploy":false,
            "sslEnabled":true,"releaseCommand":"migrate","environmentSecrets":{"DB":{"secret":"db","key":"url"}},
            "resources":{"requests":{"cpu":"1","memory":"2Mi"},"limits":{"cpu":"3","memory":"4Mi"}}
            """#
        )
        #expect(request.commitSHA == "abcdef12")
        #expect(request.rootDirectory == "apps/web")
        #expect(request.environmentVariables == ["A": "1", "B": "2", "C": "true"])
        #expect(request.buildSecrets == ["S"])
        var limits = StepLimits(memoryBytes: 512 << 20, processes: 9, processors: 2, diskBytes: 64 << 20, seconds: 5)
        limits.outputBytes = 3 << 20
        #expect(request.stepLimits == limits)
        #expect(request.image?.description == "127.0.0.1:5000/x:y")
        #expect(request.priority == -5)
        #expect(request.retry == RetryRequest(attempts: 7, delayMilliseconds: 10))
        #expect(request.timeoutSeconds == 60)
        #expect(request.supersedes == "k")
        #expect(request.healthCheckPath == "/up")
        #expect(request.port == 8080)
        #expect(request.customDomain == "a.example.org")
        #expect(request.deploy == DeployMode.none)
        #expect(request.sslEnabled)
        #expect(request.releaseCommand == "migrate")
        #expect(request.environmentSecrets == ["DB": SecretReference(secret: "db", key: "url")])
        #expect(request.resources.cpuRequest == "1")
        #expect(request.resources.memoryLimit == "4Mi")
    }

    @Test(
        "names the field that is wrong",
        arguments: [
            (#","branch":5"#, "branch"), (#","branch":"""#, "branch"), (#","commitSha":"xyz1"#, "JSON"),
            (#","commitSha":"xyz1""#, "commitSha"), (#","rootDirectory":"a/../../b""#, "rootDirectory"),
            (#","port":0"#, "port"), (#","port":"80""#, "port"), (#","port":80.5"#, "port"),
            (#","environmentVariables":{"A B":"1"}"#, "environmentVariables.A B"),
            (#","environmentVariables":{"A":[1]}"#, "environmentVariables.A"),
            (#","environmentVariables":[]"#, "environmentVariables"),
            (#","environmentVariables":{"A":"x\u0000y"}"#, "environmentVariables.A"),
            (#","image":"UPPER""#, "image"), (#","attempts":0"#, "attempts"),
            (#","backoff":{"type":"linear"}"#, "backoff.type"),
            (#","backoff":{"delay":-1}"#, "backoff.delay"), (#","timeoutSeconds":1e9"#, "timeoutSeconds"),
            (#","healthCheckPath":"up""#, "healthCheckPath"),
            (#","resources":{"limits":{"cpu":1}}"#, "resources.limits.cpu"),
            (#","version":2"#, "version"), (#","deploy":"yes""#, "deploy"),
            (#","buildSecrets":[1]"#, "buildSecrets[0]"), (#","stepLimits":[]"#, "'stepLimits' must be an object"),
            (#","stepLimits":{"memoryMiB":"512"}"#, "'stepLimits.memoryMiB' must be a whole number"),
            (#","stepLimits":{"memoryMiB":15}"#, "'stepLimits.memoryMiB' must be a whole number from 16"),
            (#","stepLimits":{"processes":0}"#, "stepLimits.processes"),
            (#","stepLimits":{"processors":1.5}"#, "stepLimits.processors"),
            (#","stepLimits":{"diskMiB":true}"#, "stepLimits.diskMiB"),
            (#","stepLimits":{"seconds":86401}"#, "stepLimits.seconds"),
            (#","stepLimits":{"outputMiB":1025}"#, "stepLimits.outputMiB"),
            (#","stepLimits":{"seconds":5,"memory":512}"#, "'stepLimits.memory' is not known"),
            (#","organizationId":"a/b""#, "organizationId"), (#","supersedes":"-x""#, "supersedes"),
        ]
    )
    func naming(more: String, field: String) {
        let failure = #expect(throws: BuildFailure.self) { try request(more) }
        #expect(failure?.message.contains(field) == true, "\(failure?.message ?? "")")
        #expect(failure?.fault == .code)
        #expect(failure?.isRetryable == false)
    }

    @Test("says which required field is missing", arguments: ["deploymentId", "projectId", "repositoryUrl"])
    func missing(field: String) throws {
        var json: JSONValue = ["deploymentId": "d", "projectId": "p", "repositoryUrl": "u"]
        json[field] = nil
        let failure = #expect(throws: BuildFailure.self) { try BuildRequest(json: json) }
        #expect(failure?.message == "Field '\(field)' is required.")
    }

    @Test("takes null as absent, and is an object")
    func shape() throws {
        #expect(try request(#","branch":null"#).branch == nil)
        let failure = #expect(throws: BuildFailure.self) { try BuildRequest(json: ["a"]) }
        #expect(failure?.message == "The request must be a JSON object, not a list.")
    }
}

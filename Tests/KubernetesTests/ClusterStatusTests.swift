import BuildModel
import Testing

@testable import Kubernetes

@Suite("What a cluster answers becomes a failure with words")
struct ClusterStatusTests {
    /// An answer as a server gives it, and what is made of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: Int
        var body: String
        var failure: BuildFailure.Code
        var isRetryable = false
        var fault = BuildFailure.Fault.platform
        var says: [String] = []
    }

    private static func status(_ reason: String, _ message: String, _ details: String = "{}") -> String {
        let reason = reason.isEmpty ? "" : "\"reason\":\"\(reason)\","
        return "{\"kind\":\"Status\",\"status\":\"Failure\",\(reason)\"message\":\"\(message)\",\"details\":\(details)}"
    }

    static let cases = [
        Case(
            testDescription: "401",
            code: 401,
            body: status("Unauthorized", "Unauthorized"),
            failure: .unauthorized,
            says: ["context 'main'", "renew"]
        ),
        Case(
            testDescription: "a missing right",
            code: 403,
            body: status("Forbidden", "deployments.apps is forbidden: User x cannot patch resource"),
            failure: .forbidden,
            says: ["right is missing", "deployer.yaml"]
        ),
        Case(
            testDescription: "an admission rule",
            code: 403,
            body: status("Forbidden", "denied by policy"),
            failure: .forbidden,
            says: ["admission"]
        ),
        Case(
            testDescription: "a right that is missing on an object that is called after a quota",
            code: 403,
            body: status("Forbidden", "deployments.apps quota is forbidden: User x cannot patch resource"),
            failure: .forbidden,
            says: ["right is missing"]
        ),
        Case(
            testDescription: "nobody's request",
            code: 403,
            body: status("Forbidden", "deployments.apps is forbidden: User system:anonymous cannot get resource"),
            failure: .unauthorized,
            says: ["context 'main'", "needs a token"]
        ),
        Case(
            testDescription: "a quota",
            code: 403,
            body: status("Forbidden", "exceeded quota: q, requested: 1"),
            failure: .limitExceeded,
            says: ["ResourceQuota"]
        ),
        Case(
            testDescription: "a namespace that is being deleted",
            code: 403,
            body: status("Forbidden", "x", "{\"causes\":[{\"reason\":\"NamespaceTerminating\"}]}"),
            failure: .notFound,
            says: ["being deleted", "kubectl create namespace demo", "kubernetes.namespace"]
        ),
        Case(
            testDescription: "a missing namespace",
            code: 404,
            body: status("NotFound", "namespaces not found", "{\"kind\":\"namespaces\"}"),
            failure: .notFound,
            says: ["kubectl create namespace demo", "kubernetes.namespace"]
        ),
        Case(
            testDescription: "a path that is not served",
            code: 404,
            body: "404 page not found\n",
            failure: .protocolViolation,
            says: ["check that it is a Kubernetes API server"]
        ),
        Case(
            testDescription: "another manager's fields",
            code: 409,
            body: status(
                "Conflict",
                "Apply failed",
                "{\"causes\":[{\"reason\":\"FieldManagerConflict\",\"message\":\"conflict with 'hpa'\",\"field\":\".spec.x\"}]}"
            ),
            failure: .deploymentConflict,
            says: [".spec.x", "hpa"]
        ),
        Case(
            testDescription: "a change at the same moment",
            code: 409,
            body: status("Conflict", "the object has been modified", "{\"name\":\"shop\"}"),
            failure: .objectChanged,
            isRetryable: true
        ),
        Case(
            testDescription: "a wrong value",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"must be less\",\"field\":\"spec.containers[0].env[0].name\"}]}"
            ),
            failure: .invalidDeployment,
            fault: .code,
            says: ["spec.containers[0].env[0].name: must be less", "come with the request"]
        ),
        Case(
            testDescription: "a wrong value of a template",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"must be more\",\"field\":\"spec.minReadySeconds\"}]}"
            ),
            failure: .invalidDeployment,
            says: ["spec.minReadySeconds: must be more"]
        ),
        Case(
            testDescription: "a manifest that cannot be read",
            code: 400,
            body: status("BadRequest", "cannot unmarshal"),
            failure: .invalidDeployment,
            says: ["Correct the template"]
        ),
        Case(
            testDescription: "a field that cannot change",
            code: 422,
            body: status("Invalid", "field is immutable"),
            failure: .invalidDeployment,
            says: ["delete the object"]
        ),
        Case(
            testDescription: "too many requests",
            code: 429,
            body: "Too many requests, please try again later.\n",
            failure: .unreachable,
            isRetryable: true
        ),
        Case(
            testDescription: "a patch that cannot be typed",
            code: 500,
            body: status("", "failed to create typed patch object"),
            failure: .invalidDeployment,
            says: ["Correct the template"]
        ),
        Case(
            testDescription: "an unknown field",
            code: 500,
            body: status(
                "",
                "failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replcas: field not declared"
            ),
            failure: .invalidDeployment,
            says: ["cannot make sense of the manifest"]
        ),
        Case(
            testDescription: "a list of the future",
            code: 504,
            body: status("Timeout", "Too large resource version: 99999999, current: 5"),
            failure: .unreachable,
            isRetryable: true
        ),
        Case(
            testDescription: "a list that was compacted away",
            code: 410,
            body: status("Expired", "The provided continue parameter is too old"),
            failure: .watchExpired,
            says: ["no longer knows the version"]
        ),
        Case(
            testDescription: "a verb that is not served",
            code: 405,
            body: status("MethodNotAllowed", "x"),
            failure: .protocolViolation,
            says: ["older than Kubernetes 1.20"]
        ),
        Case(
            testDescription: "a patch of another kind",
            code: 415,
            body: status("UnsupportedMediaType", "x"),
            failure: .protocolViolation,
            says: ["older than Kubernetes 1.20"]
        ),
        Case(
            testDescription: "storage in trouble",
            code: 500,
            body: status("", "etcdserver: request timed out"),
            failure: .unreachable,
            isRetryable: true
        ),
        Case(
            testDescription: "an object that storage does not take",
            code: 500,
            body: status("", "rpc error: desc = trying to send message larger than max (2100024 vs. 2097152)"),
            failure: .limitExceeded,
            fault: .code,
            says: ["environmentVariables"]
        ),
        Case(
            testDescription: "an unreachable webhook",
            code: 500,
            body: status("InternalError", "failed calling webhook"),
            failure: .unreachable,
            isRetryable: true
        ),
        Case(
            testDescription: "a proxy's page",
            code: 502,
            body: "<html>\u{1b}[31mBad Gateway</html>",
            failure: .unreachable,
            isRetryable: true
        ),
        Case(
            testDescription: "a webhook that says no with 400",
            code: 400,
            body: status("", "admission webhook \\\"rules.example.org\\\" denied the request: no such team"),
            failure: .forbidden,
            says: ["'rules.example.org'", "does not allow it", "whoever runs it"]
        ),
        Case(
            testDescription: "a webhook that says no with 403",
            code: 403,
            body: status("Forbidden", "admission webhook \\\"rules.example.org\\\" denied the request: no such team"),
            failure: .forbidden,
            says: ["'rules.example.org'", "does not allow it", "whoever runs it"]
        ),
        Case(
            testDescription: "a webhook that says no with 422",
            code: 422,
            body: status("", "admission webhook \\\"rules.example.org\\\" denied the request: no such team"),
            failure: .forbidden,
            says: ["'rules.example.org'", "does not allow it", "whoever runs it"]
        ),
        Case(
            testDescription: "a webhook that says no with 429",
            code: 429,
            body: status("", "admission webhook \\\"rules.example.org\\\" denied the request: no such team"),
            failure: .forbidden,
            says: ["'rules.example.org'", "does not allow it", "whoever runs it"]
        ),
        Case(
            testDescription: "a webhook that says no with 500",
            code: 500,
            body: status("", "admission webhook \\\"rules.example.org\\\" denied the request: no such team"),
            failure: .forbidden,
            says: ["'rules.example.org'", "does not allow it", "whoever runs it"]
        ),
        Case(
            testDescription: "a webhook that does not answer",
            code: 500,
            body: status(
                "InternalError",
                "Internal error occurred: failed calling webhook \\\"down.example.org\\\": Post: refused"
            ),
            failure: .unreachable,
            isRetryable: true,
            says: ["'down.example.org'", "does not answer", "validatingwebhookconfigurations"]
        ),
        Case(
            testDescription: "an apply without a manager",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"Required value: is required for apply patch\",\"field\":\"fieldManager\"}]}"
            ),
            failure: .invalidDeployment,
            says: ["fieldManager: Required value", "template"]
        ),
        Case(
            testDescription: "a name that is not the URL's",
            code: 400,
            body: status("BadRequest", "the name of the object (a) does not match the name on the URL (b)"),
            failure: .invalidDeployment,
            says: ["Correct the template"]
        ),
        Case(
            testDescription: "managed fields in the body",
            code: 400,
            body: status("BadRequest", "metadata.managedFields must be nil"),
            failure: .invalidDeployment,
            says: ["Correct the template"]
        ),
        Case(
            testDescription: "another object by the uid",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"field is immutable\",\"field\":\"metadata.uid\"}]}"
            ),
            failure: .invalidDeployment,
            says: ["metadata.uid"]
        ),
        Case(
            testDescription: "a value of a container that the template sets",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"wrong\",\"field\":\"spec.template.spec.containers[0].securityContext.x\"}]}"
            ),
            failure: .invalidDeployment,
            says: ["Correct the template"]
        ),
        Case(
            testDescription: "a value of the template beside one of the request",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"a\",\"field\":\"spec.template.spec.containers[0].env[0].name\"},{\"message\":\"b\",\"field\":\"spec.strategy\"}]}"
            ),
            failure: .invalidDeployment,
            says: ["Correct the template"]
        ),
        Case(
            testDescription: "a host that is none",
            code: 422,
            body: status("Invalid", "x", "{\"causes\":[{\"message\":\"wrong\",\"field\":\"spec.rules[0].host\"}]}"),
            failure: .invalidDeployment,
            fault: .code,
            says: ["come with the request"]
        ),
        Case(
            testDescription: "a probe's path",
            code: 422,
            body: status(
                "Invalid",
                "x",
                "{\"causes\":[{\"message\":\"wrong\",\"field\":\"spec.template.spec.containers[0].livenessProbe.httpGet.path\"}]}"
            ),
            failure: .invalidDeployment,
            fault: .code,
            says: ["come with the request"]
        ),
        Case(
            testDescription: "an object that is gone",
            code: 404,
            body: status("NotFound", "deployments.apps not found", "{\"kind\":\"deployments\"}"),
            failure: .notFound,
            says: ["not any more", "Deploying again"]
        ),
        Case(
            testDescription: "an object that is there already",
            code: 409,
            body: status("AlreadyExists", "deployments.apps already exists", "{\"name\":\"shop\"}"),
            failure: .objectChanged,
            isRetryable: true,
            says: ["--show-managed-fields"]
        ),
        Case(
            testDescription: "a right of 1.20, which gives no reason",
            code: 403,
            body: status("Forbidden", ""),
            failure: .forbidden,
            says: ["right is missing"]
        ),
        Case(
            testDescription: "rights beyond one's own",
            code: 403,
            body: status("Forbidden", "User x is attempting to grant RBAC permissions not currently held"),
            failure: .forbidden,
            says: ["admission"]
        ),
        Case(
            testDescription: "no leader",
            code: 503,
            body: status("ServiceUnavailable", "etcd leader changed"),
            failure: .unreachable,
            isRetryable: true,
            says: ["in trouble (503)"]
        ),
        Case(
            testDescription: "a request that took too long",
            code: 408,
            body: "",
            failure: .unreachable,
            isRetryable: true,
            says: ["(408)"]
        ),
        Case(testDescription: "a redirect", code: 302, body: "", failure: .protocolViolation, says: ["302"]),
        Case(
            testDescription: "JSON of another kind",
            code: 404,
            body: "[]",
            failure: .protocolViolation,
            says: ["check"]
        ),
    ]

    @Test("the code, the fault, the retry and the words", arguments: cases)
    func classified(_ answer: Case) {
        let request = ClusterRequest(.apply, .deployment, namespace: "demo", name: "shop")
        let credentials = ClusterCredentials(server: "https://127.0.0.1:6443", origin: "context 'main' of /etc/k")
        let failure = ClusterStatus(code: answer.code, body: Array(answer.body.utf8))
            .failure(of: request, credentials: credentials)
        #expect(failure.code == answer.failure)
        #expect(failure.fault == answer.fault)
        #expect(failure.isRetryable == answer.isRetryable)
        #expect(failure.operation == "kubernetes.apply")
        #expect(failure.message.contains("Deployment 'shop' in namespace 'demo'"))
        for words in answer.says { #expect(failure.message.contains(words), "\(failure.message)") }
        // What is not tried again is up to a person, who has to be told what to do.
        #expect(failure.isRetryable || !answer.says.isEmpty)
        #expect(!failure.description.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("a huge answer is cut")
    func huge() {
        let status = ClusterStatus(code: 500, body: [UInt8](repeating: 0x41, count: 1_000_000))
        #expect(status.message.utf8.count <= 2000)
    }

    @Test(
        "warnings are read from their header",
        arguments: [
            (["299 - \"policy/v1beta1 is deprecated\""], ["policy/v1beta1 is deprecated"]),
            (["299 - \"a \\\"b\\\" c\"", "299 - \"d\" \"Mon\""], ["a \"b\" c", "d"]),
            (["299 - unquoted", "299 - \"open", ""], []),
        ]
    )
    func warnings(fields: [String], texts: [String]) {
        #expect(WarningHeader.texts(fields) == texts)
    }

    @Test("delays grow, keep to their bound, and are never shorter than the server asks")
    func backoff() {
        var backoff = Backoff(base: .milliseconds(500))
        for attempt in 0..<10 {
            let bound = min(Duration.milliseconds(500) * (1 << attempt), Backoff.maximum)
            let delay = backoff.next(retryAfter: nil)
            #expect(delay >= .zero && delay <= bound)
        }
        #expect(backoff.next(retryAfter: .seconds(2)) >= .seconds(2))
        #expect(backoff.next(retryAfter: .seconds(86_400)) <= Backoff.longestRetryAfter + Backoff.maximum)
        #expect(Backoff.retryAfter("7") == .seconds(7))
        for text in [nil, "", "-1", "1.5", "Mon, 23 Nov 2026 08:00:00 GMT", "99999999999999999999"] {
            #expect(Backoff.retryAfter(text) == nil)
        }
    }
}

internal import BuildModel

extension ClusterStatus {
    /// Fields whose values come with the request: the others are the template's or the configuration's.
    private static let requested = [
        ".env[", ".resources.", ".command", ".args", ".ports[", "livenessProbe.httpGet.path",
        "readinessProbe.httpGet.path", "startupProbe.httpGet.path", "spec.rules[", "spec.tls[",
    ]
    /// Within those, what only the template can have said.
    private static let shaped = ["http.paths[", "secretName", ".protocol", ".ports[0].name"]

    /// Whether a cause is about a value that came with the request. Where the server names an index, the field below it counts.
    private static func isRequested(_ cause: Cause) -> Bool {
        let field =
            cause.field.hasPrefix("spec.rules[") || cause.field.hasPrefix("spec.tls[")
            ? cause.field
            : cause.field.firstRange(of: "containers[").map { String(cause.field[$0.lowerBound...]) } ?? ""
        return requested.contains(where: field.contains) && !shaped.contains(where: field.contains)
    }

    func invalid(_ request: ClusterRequest) -> Verdict {
        let fields = causes.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
        let words = "the cluster does not accept it" + (fields.isEmpty ? "." : ": \(fields).")
        var verdict = Verdict(code: .invalidDeployment, words: words, repeatsCauses: !causes.isEmpty)
        if message.contains("field is immutable") {
            verdict.words +=
                " A field that cannot be changed differs: delete the object and deploy again (kubectl -n \(request.namespace) "
                + "delete \(request.kind.rawValue.lowercased()) \(request.name)), which ends its pods first."
        } else if code == 422, !causes.isEmpty, causes.allSatisfy(Self.isRequested) {
            verdict.fault = .code
            verdict.words += " These values come with the request: change them there."
        } else {
            verdict.words += " Correct the template (kubernetes.template) or the configuration that it is filled from."
        }
        return verdict
    }

    /// What etcd, and the API server's connection to it, say of an object of more than about 1.5 MiB.
    private static let tooLargeForStorage = [
        "etcdserver: request is too large", "trying to send message larger than max",
    ]

    var isTooLargeForStorage: Bool { Self.tooLargeForStorage.contains(where: message.contains) }

    var tooLarge: Verdict {
        Verdict(
            fault: .code,
            code: .limitExceeded,
            words: "it is larger than the cluster takes; environmentVariables are what can make it so."
        )
    }
}

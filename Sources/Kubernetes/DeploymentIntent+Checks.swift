internal import BuildModel

extension DeploymentIntent {
    static func port(of request: BuildRequest, default planned: Int) throws(BuildFailure) -> Int {
        if let port = request.port { return port }
        guard let text = request.environmentVariables["PORT"] else { return planned }
        guard let port = Int(text), (1...65535).contains(port) else {
            throw invalid(field: "environmentVariables.PORT", "must be a port from 1 to 65535")
        }
        return port
    }

    /// - Parameter isAsked: whether the request names it; else its repository does.
    static func checkPath(_ path: String, isAsked: Bool) throws(BuildFailure) {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            let rule = "must start with / and have no spaces, control or non-ASCII characters (percent-encode them)"
            if isAsked { throw invalid(field: "healthCheckPath", rule) }
            let shown = PlainText.line(path, limit: 200)
            throw invalid("The health check's path '\(shown)', which the repository names, \(rule).")
        }
    }

    /// The request's domain in lower case, if it has one.
    static func domain(of request: BuildRequest) throws(BuildFailure) -> String? {
        guard let domain = request.customDomain?.lowercased() else { return nil }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        let hosts = labels.first == "*" ? labels.dropFirst() : labels[...]
        guard hosts.count >= 2, hosts.allSatisfy({ ObjectName.isNamespace(String($0)) }) else {
            throw invalid(field: "customDomain", "must be a host name such as shop.example.org")
        }
        return domain
    }

    static func check(_ settings: DeployerSettings) throws(BuildFailure) {
        guard ObjectName.isNamespace(settings.namespace) else {
            throw invalid(
                key: "kubernetes.namespace",
                "'\(settings.namespace)' is not a name that a namespace can have"
            )
        }
        guard LabelValue.isValid(settings.platform) else {
            throw invalid(key: "kubernetes.platform", "'\(settings.platform)' is not a value that a label can have")
        }
        for secret in settings.imagePullSecrets where !ObjectName.isNamespace(secret) {
            throw invalid(key: "kubernetes.imagePullSecrets", "'\(secret)' is not a name that a Secret can have")
        }
        for (key, value) in settings.labels.sorted(by: { $0.key < $1.key }) where !LabelValue.isValid(value) {
            throw invalid(key: "kubernetes.labels.\(key)", "'\(value)' is not a value that a label can have")
        }
    }

    static func invalid(field: String, _ reason: String) -> BuildFailure { invalid("Field '\(field)' \(reason).") }

    private static func invalid(_ message: String) -> BuildFailure {
        BuildFailure(.code, .invalidRequest, operation: "kubernetes.prepare", message: message)
    }

    private static func invalid(key: String, _ reason: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .invalidConfiguration,
            operation: "kubernetes.prepare",
            message: "The configuration's \(key) is wrong: \(reason)."
        )
    }
}

extension ContainerResources {
    /// These resources with what a request says in their place.
    func overridden(by request: ResourceRequest) throws(BuildFailure) -> ContainerResources {
        ContainerResources(
            cpuRequest: try Self.checked(request.cpuRequest, "requests.cpu") ?? cpuRequest,
            memoryRequest: try Self.checked(request.memoryRequest, "requests.memory") ?? memoryRequest,
            cpuLimit: try Self.checked(request.cpuLimit, "limits.cpu") ?? cpuLimit,
            memoryLimit: try Self.checked(request.memoryLimit, "limits.memory") ?? memoryLimit
        )
    }

    private static func checked(_ text: String?, _ field: String) throws(BuildFailure) -> String? {
        guard let text else { return nil }
        guard Quantity.isValid(text) else {
            throw DeploymentIntent.invalid(
                field: "resources.\(field)",
                "must be a Kubernetes quantity such as 500m or 128Mi"
            )
        }
        return text
    }
}

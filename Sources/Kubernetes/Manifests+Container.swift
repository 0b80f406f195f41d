internal import BuildModel

extension Manifests {
    static func container(_ intent: DeploymentIntent) -> JSONValue {
        var container: JSONValue = [
            "name": "app",
            "image": .string(intent.image.description),
            "ports": [["name": .string(portName), "containerPort": .integer(Int64(intent.port)), "protocol": "TCP"]],
            "env": .array(variables(intent)),
            "livenessProbe": probe(intent.livenessPath, delay: 30),
            "readinessProbe": probe(intent.readinessPath, delay: 1),
            "resources": resources(intent.resources),
            "securityContext": securityContext,
        ]
        if let command = intent.command { container["command"] = words(command) }
        return container
    }

    /// An argument vector, each word as it is.
    static func words(_ arguments: [String]) -> JSONValue { .array(arguments.map { .string(literal($0)) }) }

    /// Sorted by name. A variable that the request gives as a value and from a Secret comes from the Secret.
    static func variables(_ intent: DeploymentIntent) -> [JSONValue] {
        var variables = intent.environment.mapValues { value -> JSONValue in ["value": .string(literal(value))] }
        for (name, reference) in intent.secrets {
            variables[name] = [
                "valueFrom": ["secretKeyRef": ["name": .string(reference.secret), "key": .string(reference.key)]]
            ]
        }
        return variables.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { name, value in
                var variable = value
                variable["name"] = .string(name)
                return variable
            }
    }

    /// A value that the kubelet hands over as it is: it would take `$(NAME)` for another variable's value and `$$` for `$`.
    private static func literal(_ value: String) -> String {
        guard value.contains("$(") || value.contains("$$") else { return value }
        return value.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
    }

    /// A start may take half a minute before liveness counts; a hung app is restarted after three misses in a row.
    private static func probe(_ path: String, delay: Int64) -> JSONValue {
        [
            "httpGet": ["path": .string(path), "port": .string(portName)],
            "initialDelaySeconds": .integer(delay),
            "periodSeconds": 10,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        ]
    }

    static func resources(_ resources: ContainerResources) -> JSONValue {
        [
            "requests": ["cpu": .string(resources.cpuRequest), "memory": .string(resources.memoryRequest)],
            "limits": ["cpu": .string(resources.cpuLimit), "memory": .string(resources.memoryLimit)],
        ]
    }

    /// The "restricted" Pod Security Standard. NET_BIND_SERVICE, the one capability that it allows, stays in the bounding
    /// set, because the kernel refuses to execute files that carry a capability outside of it, as Caddy's official
    /// binary does.
    static let securityContext: JSONValue = [
        "runAsNonRoot": true,
        "allowPrivilegeEscalation": false,
        "capabilities": ["drop": ["ALL"], "add": ["NET_BIND_SERVICE"]],
        "seccompProfile": ["type": "RuntimeDefault"],
    ]
}

internal import BuildModel

extension Manifests {
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

    static func resources(_ resources: ContainerResources) -> JSONValue {
        [
            "requests": ["cpu": .string(resources.cpuRequest), "memory": .string(resources.memoryRequest)],
            "limits": ["cpu": .string(resources.cpuLimit), "memory": .string(resources.memoryLimit)],
        ]
    }
}

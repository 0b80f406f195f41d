extension BuildStep {
    /// The step as JSON: part of the plan's, and of what its result is remembered by.
    package var json: JSONValue {
        var value = always
        if let writable { value["writable"] = writable.json }
        return value
    }

    private var always: JSONValue {
        [
            "name": .string(name),
            "kind": .string(kind.rawValue),
            "image": .string(image.description),
            "arguments": .array(arguments.map { .string($0) }),
            "command": .string(command),
            "source": .string(source),
            "workingDirectory": .string(workingDirectory),
            "inputs": inputs.json,
            "outputs": .array(outputs.map(\.json)),
            "caches": .array(caches.map(\.json)),
            "environment": .object(environment.mapValues { .string($0) }),
            "secrets": .array(secrets.map { .string($0) }),
            "network": network.json,
            "limits": limits.json,
        ]
    }
}

extension StepInputs {
    /// `"all"`, or the list of paths.
    package var json: JSONValue {
        switch self {
        case .all: "all"
        case .paths(let paths): .array(paths.map { .string($0) })
        }
    }
}

extension StepOutput {
    package var json: JSONValue { ["path": .string(path), "shipped": .bool(isShipped)] }
}

extension CacheMount {
    package var json: JSONValue { ["name": .string(name), "path": .string(path), "locked": .bool(isLocked)] }
}

extension StepNetwork {
    /// `"none"`, or the list of what is allowed.
    package var json: JSONValue {
        switch self {
        case .none: "none"
        case .egress(let allowed): .array(allowed.map { .string($0) })
        }
    }
}

extension StepLimits {
    /// Only what is set.
    package var json: JSONValue {
        var value: [String: JSONValue] = [:]
        if let memoryBytes { value["memoryBytes"] = .integer(memoryBytes) }
        if let processes { value["processes"] = .integer(Int64(processes)) }
        if let processors { value["processors"] = .string(String(processors)) }
        if let diskBytes { value["diskBytes"] = .integer(diskBytes) }
        if let seconds { value["seconds"] = .integer(Int64(seconds)) }
        if let outputBytes { value["outputBytes"] = .integer(outputBytes) }
        return .object(value)
    }
}

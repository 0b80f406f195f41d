extension BuildPlan {
    /// The plan as JSON, without its digest: what the digest is taken of, and what `slipway plan -o json` prints with what it has to
    /// say of a lock.
    package var json: JSONValue {
        var value = always
        // Left out where there is nothing, as in plans of before there was such a thing.
        if !writable.isEmpty { value["writable"] = .array(writable.map { .string($0) }) }
        if !writableFiles.isEmpty { value["writableFiles"] = .array(writableFiles.map { .string($0) }) }
        return value
    }

    private var always: JSONValue {
        [
            "language": .string(language),
            "framework": framework.map { .string($0) } ?? .null,
            "versions": .object(
                Dictionary(versions.map { ($0.tool, $0.json) }, uniquingKeysWith: { first, _ in first })
            ),
            "rule": ["name": .string(rule.name), "digest": .string(rule.digest.description)],
            "candidates": .array(candidates.map(\.json)),
            "runImage": .string(runImage.description),
            "steps": .array(steps.map(\.json)),
            "includesSource": .bool(includesSource),
            "applicationDirectory": .string(applicationDirectory),
            "workingDirectory": .string(workingDirectory),
            "start": start.json,
            "processes": .object(processes.mapValues(\.json)),
            "release": release?.json ?? .null,
            "user": .string(user),
            "environment": .object(environment.mapValues { .string($0) }),
            "port": .integer(Int64(port)),
            "portSource": .string(portSource),
            "stopSignal": .string(stopSignal),
            "healthPath": healthPath.map { .string($0) } ?? .null,
            "files": .array(
                files.map { file in
                    [
                        "path": .string(file.path), "content": .string(file.content),
                        "mode": .string("0" + String(file.mode, radix: 8)),
                    ]
                }
            ),
            "warnings": .array(warnings.map { .string($0) }),
        ]
    }
}

extension StartCommand {
    /// The command as JSON.
    package var json: JSONValue {
        [
            "arguments": .array(arguments.map { .string($0) }),
            "command": .string(text),
            "source": .string(source),
        ]
    }
}

extension PlannedVersion {
    /// The version as JSON; what nobody said is left out.
    package var json: JSONValue {
        var value: JSONValue = ["version": .string(version), "source": .string(source)]
        if let request { value["request"] = .string(request) }
        if let endOfLife { value["endOfLife"] = .string(endOfLife) }
        return value
    }
}

extension RuleCandidate {
    /// The candidate as JSON.
    package var json: JSONValue {
        [
            "language": .string(language),
            "score": .integer(Int64(score)),
            "reason": .string(reason),
            "evidence": .array(evidence.map(\.json)),
        ]
    }
}

extension Evidence {
    /// The observation as JSON; `line` only where there is one.
    package var json: JSONValue {
        var value: JSONValue = ["file": .string(file), "predicate": .string(predicate)]
        if let line { value["line"] = .integer(Int64(line)) }
        return value
    }
}

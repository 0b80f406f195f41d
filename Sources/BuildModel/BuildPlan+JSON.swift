extension BuildPlan {
    /// The plan as JSON, without its digest: what the digest is taken of, and what `slipway plan -o json` prints.
    package var json: JSONValue {
        [
            "language": .string(language),
            "rule": ["name": .string(rule.name), "digest": .string(rule.digest.description)],
            "candidates": .array(candidates.map(\.json)),
            "runImage": .string(runImage.description),
            "steps": .array(steps.map(\.json)),
            "includesSource": .bool(includesSource),
            "applicationDirectory": .string(applicationDirectory),
            "workingDirectory": .string(workingDirectory),
            "start": [
                "arguments": .array(start.arguments.map { .string($0) }),
                "command": .string(start.text),
                "source": .string(start.source),
            ],
            "user": .string(user),
            "environment": .object(environment.mapValues { .string($0) }),
            "port": .integer(Int64(port)),
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

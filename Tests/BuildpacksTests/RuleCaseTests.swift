import BuildModel
import Buildpacks
import Documents
import Platform
import Testing

/// One case of buildpacks/tests: a small tree, options, and what the plan has to say.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let file: String
    let document: JSONValue

    var testDescription: String { file }

    static func all() throws -> [RuleCase] {
        var cases: [RuleCase] = []
        let directory = "\(root)/buildpacks/tests"
        for language in try Directories.list(directory) {
            for name in try Directories.list("\(directory)/\(language)") {
                let node = try YAMLDocument.parse(try Files.read("\(directory)/\(language)/\(name)"), name: name)
                guard let several = node["cases"]?.entries else {
                    cases.append(RuleCase(file: "\(language)/\(name)", document: node.json))
                    continue
                }
                cases += several.map { RuleCase(file: "\(language)/\(name): \($0.key)", document: $0.value.json) }
            }
        }
        return cases
    }

    /// A text is a file, {link: TARGET} a symbolic link, {repeat: TEXT, times: N} a large file.
    var tree: MemoryTree {
        var tree = MemoryTree()
        for (path, node) in (document["tree"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            if let target = node["link"]?.string {
                tree.add(path, .link(target))
            } else if let text = node["repeat"]?.string, let times = node["times"]?.integer {
                tree.add(path, .file(Array(String(repeating: text, count: Int(times)).utf8)))
            } else {
                tree.add(path, .file(Array((node.string ?? "").utf8)))
            }
        }
        return tree
    }

    /// Keys of the options that say nothing, so that the case would hold whatever they are.
    var idleOptions: Set<String> {
        Set((document["options"]?.object ?? [:]).keys).subtracting([
            "startCommand", "buildCommand", "buildSecrets", "port", "environment", "secretVariables", "releaseCommand",
        ])
    }

    var options: PlanOptions {
        let options = document["options"]
        return PlanOptions(
            startCommand: options?["startCommand"]?.string,
            buildCommand: options?["buildCommand"]?.string,
            buildSecrets: (options?["buildSecrets"]?.array ?? []).compactMap(\.string),
            port: options?["port"]?.integer.map { Int($0) },
            environment: (options?["environment"]?.object ?? [:]).compactMapValues(\.string),
            secretVariables: (options?["secretVariables"]?.array ?? []).compactMap(\.string),
            releaseCommand: options?["releaseCommand"]?.string
        )
    }
}

@Suite("The shipped rules")
struct RuleCaseTests {
    @Test("every case of buildpacks/tests holds", arguments: try RuleCase.all())
    func cases(_ ruleCase: RuleCase) throws {
        let expected = try #require(ruleCase.document["expect"]?.object, "a case has 'expect'")
        #expect(ruleCase.idleOptions.isEmpty)
        let found: JSONValue
        do {
            found = try Self.facts(of: ruleCase)
        } catch let failure as BuildFailure {
            #expect(failure.fault == .code)
            found = ["error": .string(failure.code.rawValue), "message": .string(failure.message)]
        }
        for (name, value) in expected.sorted(by: { $0.key < $1.key }) {
            if name == "message" || name == "warnings" || name == "files" {
                let text = found[name]?.string ?? ""
                let part = value.string ?? "?"
                #expect(part.isEmpty ? text.isEmpty : text.contains(part), "\(ruleCase.file): \(name) is: \(text)")
            } else if let members = value.object, name != "environment" {
                // What a case says nothing of may be anything.
                for (key, value) in members {
                    #expect(
                        found[name]?[key] == value,
                        "\(ruleCase.file): \(name).\(key) is \(Self.text(found[name]?[key]))"
                    )
                }
            } else {
                #expect(
                    found[name] == value,
                    "\(ruleCase.file): \(name) is \(Self.text(found[name])); \(found["message"]?.string ?? "")"
                )
            }
        }
    }

    @Test("every rule has cases")
    func covered() throws {
        let covered = Set(try RuleCase.all().map { $0.file.split(separator: "/").first.map(String.init) })
        let missing = Set(try shippedRules().identities.map(\.name)).subtracting(covered.compactMap(\.self))
        #expect(missing.isEmpty)
    }

    @Test("cases by language")
    func counts() throws {
        var counts: [String: Int] = [:]
        for ruleCase in try RuleCase.all() {
            counts[String(ruleCase.file.split(separator: "/").first ?? ""), default: 0] += 1
        }
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { print("buildpacks: \(name): \(count) cases") }
        print("buildpacks: all: \(counts.values.reduce(0, +)) cases")
        #expect(counts["adversarial", default: 0] >= 60)
    }

    /// What is planned, in the root or in the directory of the only app.
    private static func facts(of ruleCase: RuleCase) throws -> JSONValue {
        let (rules, tree, options) = (try shippedRules(), ruleCase.tree, ruleCase.options)
        do {
            return facts(of: try rules.plan(tree: tree, options: options))
        } catch let failure as BuildFailure {
            guard let app = try rules.soleApp(in: tree, besides: failure, options: options) else { throw failure }
            let below = app.directory.isEmpty ? tree : tree.directory(app.directory)
            var facts = facts(of: try rules.plan(tree: below, options: app.options))
            facts["root"] = .string(app.directory)
            return facts
        }
    }

    private static func text(_ value: JSONValue?) -> String { value?.canonicalText ?? "missing" }

    private static func byStep(_ plan: BuildPlan, _ value: (BuildStep) -> JSONValue?) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: plan.steps.compactMap { step in value(step).map { (step.name, $0) } }))
    }

    /// What cases may state of a plan.
    private static func facts(of plan: BuildPlan) -> JSONValue {
        let winner = plan.candidates.first
        return [
            "language": .string(plan.language),
            "image": .string(plan.runImage.description),
            "start": .array(plan.start.arguments.map { .string($0) }),
            "source": .string(plan.start.source),
            "score": .integer(Int64(winner?.score ?? 0)),
            "evidence": .array(
                (winner?.evidence ?? []).map { .string($0.file + ($0.line.map { ":\($0)" } ?? "")) }
            ),
            "environment": .object(plan.environment.mapValues { .string($0) }),
            "port": .integer(Int64(plan.port)),
            "portSource": .string(plan.portSource),
            "stopSignal": .string(plan.stopSignal),
            "healthPath": plan.healthPath.map { .string($0) } ?? .null,
            "scores": .object(
                Dictionary(uniqueKeysWithValues: plan.candidates.map { ($0.language, .integer(Int64($0.score))) })
            ),
            "framework": plan.framework.map { .string($0) } ?? .null,
            "command": .string(plan.start.text),
            "versions": .object(
                Dictionary(
                    uniqueKeysWithValues: plan.versions.map { ($0.tool, .string("\($0.version) (\($0.source))")) }
                )
            ),
            "processes": .object(plan.processes.mapValues { .string($0.text) }),
            "release": plan.release.map { .string($0.text) } ?? .null,
            "user": .string(plan.user),
            "includesSource": .bool(plan.includesSource),
            "files": .string(plan.files.map { "\($0.path)\n\($0.content)" }.joined(separator: "\n")),
            "writableFiles": .array(plan.writableFiles.map { .string($0) }),
            "writable": .array(plan.writable.map { .string($0) }),
            "stepNames": .array(plan.steps.map { .string($0.name) }),
            "stepCommands": byStep(plan) { .string($0.command) },
            "outputs": byStep(plan) { step in
                .array(step.outputs.map { .string($0.path + ($0.isShipped ? "" : " (not shipped)")) })
            },
            "stepEnvironments": byStep(plan) { .object($0.environment.mapValues { .string($0) }) },
            "warnings": .string(plan.warnings.joined(separator: "\n")),
            "steps": .array(plan.steps.map { .string("\($0.name): \($0.image)") }),
            "inputs": byStep(plan) { $0.inputs.json },
            "commands": byStep(plan) { .array($0.arguments.map { .string($0) }) },
            "networks": byStep(plan) { .bool($0.network != .none) },
            "secrets": byStep(plan) { $0.secrets.isEmpty ? nil : .array($0.secrets.map { .string($0) }) },
        ]
    }
}

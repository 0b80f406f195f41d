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
                cases.append(RuleCase(file: "\(language)/\(name)", document: node.json))
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

    var options: PlanOptions {
        let options = document["options"]
        return PlanOptions(
            startCommand: options?["startCommand"]?.string,
            buildCommand: options?["buildCommand"]?.string,
            buildSecrets: (options?["buildSecrets"]?.array ?? []).compactMap(\.string),
            port: options?["port"]?.integer.map { Int($0) },
            environment: (options?["environment"]?.object ?? [:]).compactMapValues(\.string)
        )
    }
}

@Suite("The shipped rules")
struct RuleCaseTests {
    @Test("every case of buildpacks/tests holds", arguments: try RuleCase.all())
    func cases(_ ruleCase: RuleCase) throws {
        let expected = try #require(ruleCase.document["expect"]?.object, "a case has 'expect'")
        let found: JSONValue
        do {
            found = Self.facts(of: try shippedRules().plan(tree: ruleCase.tree, options: ruleCase.options))
        } catch let failure as BuildFailure {
            #expect(failure.fault == .code)
            found = ["error": .string(failure.code.rawValue), "message": .string(failure.message)]
        }
        for (name, value) in expected.sorted(by: { $0.key < $1.key }) {
            if name == "message" || name == "warnings" {
                let text = found[name]?.string ?? ""
                #expect(text.contains(value.string ?? "?"), "\(ruleCase.file): \(name) is: \(text)")
            } else if let members = value.object, name != "environment" {
                // What a case says nothing of may be anything.
                for (key, value) in members {
                    #expect(found[name]?[key] == value, "\(ruleCase.file): \(name).\(key); all: \(found.canonicalText)")
                }
            } else {
                #expect(found[name] == value, "\(ruleCase.file): \(name); all: \(found.canonicalText)")
            }
        }
    }

    @Test("every rule has cases")
    func covered() throws {
        let covered = Set(try RuleCase.all().map { $0.file.split(separator: "/").first.map(String.init) })
        #expect(covered == Set(try shippedRules().identities.map(\.name)))
    }

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
            "scores": .object(
                Dictionary(uniqueKeysWithValues: plan.candidates.map { ($0.language, .integer(Int64($0.score))) })
            ),
            "warnings": .string(plan.warnings.joined(separator: "\n")),
            "steps": .array(plan.steps.map { .string("\($0.name): \($0.image)") }),
            "inputs": byStep(plan) { $0.inputs.json },
            "commands": byStep(plan) { .array($0.arguments.map { .string($0) }) },
            "secrets": byStep(plan) { $0.secrets.isEmpty ? nil : .array($0.secrets.map { .string($0) }) },
        ]
    }
}

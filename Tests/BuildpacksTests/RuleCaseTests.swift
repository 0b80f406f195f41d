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
        ]
    }
}

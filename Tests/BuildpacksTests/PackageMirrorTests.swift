import BuildModel
import Buildpacks
import Testing

/// Debian's images fetch packages without TLS, from a port that steps do not reach by default.
@Suite("Mirrors of Debian's packages")
struct PackageMirrorTests {
    /// What a command that installs packages of the system has in it.
    private static let installers = ["apt-get ", "install-php-extensions ", "playwright install --with-deps"]

    @Test("a step that installs packages of the system names their mirror, whatever the operator lets steps reach")
    func named() throws {
        var languages: Set<String> = []
        // Steps of slipway.yaml and of requests are not the rules' own.
        let own = try RuleCase.all().filter {
            $0.document["options"] == nil && $0.document["tree"]?["slipway.yaml"] == nil
        }
        for ruleCase in own {
            guard let plan = try? shippedRules().plan(tree: ruleCase.tree, options: ruleCase.options) else { continue }
            for step in plan.steps where Self.installers.contains(where: { step.command.contains($0) }) {
                languages.insert(plan.language)
                guard case .egress(let hosts) = step.network, hosts.contains("deb.debian.org:80") else {
                    Issue.record("\(ruleCase.file): \(step.name): \(step.network)")
                    continue
                }
            }
        }
        #expect(languages.isSuperset(of: ["cobol", "cpp", "dotnet", "elixir", "node", "php", "python", "ruby"]))
    }
}

import BuildModel
import Buildpacks
import Testing

/// Images of Debian and Ubuntu fetch packages without TLS, from a port that steps do not reach by default.
@Suite("Mirrors of the system's packages")
struct PackageMirrorTests {
    /// What a command that installs packages of the system has in it.
    private static let installers = ["apt-get ", "install-php-extensions ", "playwright install --with-deps"]

    /// Where each language's images have them from: Swift's are Ubuntu's, all others Debian's.
    private static func mirrors(of language: String) -> [String] {
        language == "swift"
            ? ["archive.ubuntu.com:80", "ports.ubuntu.com:80", "security.ubuntu.com:80"] : ["deb.debian.org:80"]
    }

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
                guard case .egress(let hosts) = step.network,
                    Set(hosts).isSuperset(of: Self.mirrors(of: plan.language))
                else {
                    Issue.record("\(ruleCase.file): \(step.name): \(step.network)")
                    continue
                }
            }
        }
        #expect(
            languages.isSuperset(of: ["cobol", "cpp", "dotnet", "elixir", "node", "php", "python", "ruby", "swift"])
        )
    }
}

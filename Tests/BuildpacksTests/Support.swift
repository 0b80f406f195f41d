import BuildModel
import Buildpacks
import Platform
import Testing

let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

/// The rules that are shipped.
func shippedRules() throws -> RuleSet { try shipped.get() }

private let shipped = Result { try RuleSet(directory: "\(root)/buildpacks") }

/// The failure that planning ends with.
func failure(_ tree: MemoryTree, _ options: PlanOptions = PlanOptions(), rules: RuleSet? = nil) throws -> BuildFailure {
    let rules = try rules ?? shippedRules()
    return try #require(throws: BuildFailure.self) { try rules.plan(tree: tree, options: options) }
}

func plan(_ files: [String: String], _ options: PlanOptions = PlanOptions()) throws -> BuildPlan {
    try shippedRules().plan(tree: MemoryTree(files), options: options)
}

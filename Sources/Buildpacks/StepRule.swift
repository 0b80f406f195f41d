internal import BuildModel

/// One command that a rule has run to make an app, as it is written: what of it holds in a tree is for the planner to find out.
struct StepRule: Sendable, Hashable {
    /// Which files a step gets.
    enum Inputs: Sendable, Hashable {
        case all
        /// What there is of these: names and patterns.
        case matching([GlobPattern])
    }

    /// Unique within the plan; of several steps with one name, the first whose `when` holds is taken.
    var name: String
    var kind: BuildStep.Kind
    /// Empty if the step is always there.
    var when: [Predicate] = []
    /// nil for the rule's own image.
    var image: ImageReference?
    /// A command line, with templates.
    var command: String
    var inputs: Inputs = .all
    var outputs: [StepOutput] = []
    var caches: [CacheMount] = []
    var environment: [String: String] = [:]
    /// Names of secrets that it gets if the request has them.
    var secrets: [String] = []
    var network: StepNetwork = .none
    var limits = StepLimits()
}

extension StepRule.Inputs {
    /// What the view of a tree has to be deep enough for.
    var patterns: [GlobPattern] {
        if case .matching(let patterns) = self { patterns } else { [] }
    }
}

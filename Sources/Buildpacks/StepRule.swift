internal import BuildModel

/// One command that a rule has run to make an app, as it is written: what of it holds in a tree is for the planner to find out.
struct StepRule: Sendable, Hashable {
    /// Which files a step gets.
    enum Inputs: Sendable, Hashable {
        case all
        /// What there is of these: names and patterns.
        case matching([GlobPattern])
    }

    /// Something that remains, if its predicates hold.
    struct Output: Sendable, Hashable {
        var path: String
        var isShipped: Bool
        var when: [Predicate] = []
    }

    /// Unique within the plan; of several steps with one name, the first whose `when` holds is taken.
    var name: String
    var kind: BuildStep.Kind
    /// Empty if the step is always there.
    var when: [Predicate] = []
    /// nil for the image that the rule builds in; a template.
    var image: String?
    /// A command line, with templates.
    var command: String
    var inputs: Inputs = .all
    var outputs: [Output] = []
    var caches: [CacheMount] = []
    var environment: [String: String] = [:]
    /// Names or patterns of secrets that it gets if the request has them.
    var secrets: [GlobPattern] = []
    /// Names or patterns of the app's variables that it gets because they are public by their name.
    var variables: [GlobPattern] = []
    var network: StepNetwork = .none
    var limits = StepLimits()
}

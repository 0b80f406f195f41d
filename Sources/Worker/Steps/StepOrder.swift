internal import BuildModel
package import Platform

/// For whom the steps of a plan are run, and how.
package struct StepOrder: Sendable {
    package var projectID: String
    package var organizationID: String?
    /// The build's id, for names of what is made on this node.
    package var buildID: String
    /// Values of secrets by name; only steps that name one get it.
    package var secrets: [String: Redacted<String>]
    /// Whether remembered results count; what is made is remembered either way.
    package var usesMemo: Bool

    package init(
        projectID: String,
        organizationID: String? = nil,
        buildID: String,
        secrets: [String: Redacted<String>] = [:],
        usesMemo: Bool = true
    ) {
        self.projectID = projectID
        self.organizationID = organizationID
        self.buildID = buildID
        self.secrets = secrets
        self.usesMemo = usesMemo
    }
}

/// How far results of steps are shared.
package enum StepScope: String, Sendable, Hashable, CaseIterable {
    /// Builds of one project: nobody else's commands can have made what it gets.
    case project
    /// Projects of one organization; one without an organization is alone.
    case organization
    /// Everybody who uses the farm.
    case farm

    /// Who shares with the order's project, as a part of keys.
    func owner(_ order: StepOrder) -> String {
        switch self {
        case .project: Self.text("project", order.organizationID ?? "", order.projectID)
        case .organization:
            order.organizationID.map { Self.text("organization", $0) }
                ?? Self.text("project", "", order.projectID)
        case .farm: "farm"
        }
    }

    /// Unambiguous whatever is in the ids.
    private static func text(_ parts: String...) -> String {
        JSONValue.array(parts.map { .string($0) }).canonicalText
    }
}

internal import BuildModel
internal import Documents

/// The packages of a repository that npm, Yarn, pnpm or Bun install together at its root, with one lock file. What is alone in a
/// package's directory is not enough to build it.
struct PackageWorkspace {
    private let included: [GlobPattern]
    private let excluded: [GlobPattern]

    /// nil where the root lists no packages.
    init?(_ view: TreeView) throws {
        let texts = try Self.patterns(view)
        guard !texts.isEmpty else { return nil }
        included = texts.filter { !$0.hasPrefix("!") }.map(Self.pattern)
        excluded = texts.filter { $0.hasPrefix("!") }.map { Self.pattern(String($0.dropFirst())) }
    }

    private static func patterns(_ view: TreeView) throws -> [String] {
        if try view.isFile("pnpm-workspace.yaml"),
            case .success(let root) = try view.document("pnpm-workspace.yaml"),
            let packages = root["packages"]?.elements
        {
            return packages.compactMap(\.string)
        }
        guard try view.isFile("package.json"), case .success(let root) = try view.document("package.json") else {
            return []
        }
        let packages = root["workspaces"]?["packages"] ?? root["workspaces"]
        return packages?.elements?.compactMap(\.string) ?? []
    }

    private static func pattern(_ text: String) -> GlobPattern {
        GlobPattern(text.hasPrefix("./") ? String(text.dropFirst(2)) : text)
    }

    /// Whether a directory is one of the packages.
    func holds(_ directory: String) -> Bool {
        !directory.isEmpty && included.contains { $0.matches(path: directory) }
            && !excluded.contains { $0.matches(path: directory) }
    }
}

extension RuleSet {
    /// Values of a rule: how a package of a workspace is built and started from the root. The fact `member` is its directory.
    private static let member = "member"
    private static let (memberBuild, memberStart, memberSite) = ("memberBuild", "memberStart", "memberSite")

    /// What becomes of a directory of a workspace's package.
    enum MemberRoot {
        case app(AppRoot)
        /// Nothing starts it: it is there for other packages.
        case library
        /// It is for another rule, or serves pages: its directory alone counts.
        case alone
    }

    /// - Parameter plan: of the directory alone; nil if there is none.
    func member(
        _ directory: String,
        of workspace: Workspace,
        plan: BuildPlan?,
        _ options: PlanOptions
    ) throws -> MemberRoot {
        guard let rule = rules.first(where: { rule in rule.values.contains { $0.name == Self.memberStart } }),
            plan == nil || plan?.rule == rule.identity, directory.isPlainText,
            try workspace.view.isFile("\(directory)/package.json")
        else { return .alone }
        let context = RuleContext(rule, view: workspace.view, inputs: inputs(options, AppSettings()))
        context.facts[Self.member] = directory
        guard let start = try memberStart(context, isAlone: plan != nil) else {
            return plan?.framework == nil && plan?.files.isEmpty != false ? .library : .alone
        }
        let project = WorkspaceProject(
            directory: directory,
            evidence: Evidence(file: "\(directory)/package.json", predicate: "it is a package of the workspace"),
            buildCommand: try context.value(Self.memberBuild).flatMap { $0.isEmpty ? nil : $0 },
            start: start
        )
        guard let root = root(of: project, workspace.view, options), root.plan.rule == rule.identity else {
            return .alone
        }
        return .app(root)
    }

    /// Pages that can be built alone are; nil for what nothing starts.
    private func memberStart(_ context: RuleContext, isAlone: Bool) throws -> WorkspaceProject.Start? {
        if let start = try context.value(Self.memberStart), !start.isEmpty { return .command(start) }
        guard !isAlone, let site = try context.value(Self.memberSite), !site.isEmpty else { return nil }
        return .site(site)
    }
}

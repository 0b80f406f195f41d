package import BuildModel

/// A directory of a repository that can be built and started by itself.
package struct AppRoot: Sendable, Hashable {
    /// Relative to the tree's root; empty for the root itself.
    package var directory: String
    package var score: Int
    package var plan: BuildPlan
    /// What builds it from the tree's root; nil for what is built as a root directory of its own.
    var project: WorkspaceProject?

    /// The root as JSON: what tells it from others, and its plan's digest.
    package var json: JSONValue {
        [
            "root": .string(directory),
            "language": .string(plan.language),
            "framework": plan.framework.map { .string($0) } ?? .null,
            "score": .integer(Int64(score)),
            "evidence": .array((plan.candidates.first?.evidence ?? []).map(\.json)),
            "start": plan.start.json,
            "planDigest": .string(plan.digest.description),
            "request": request,
        ]
    }

    /// The fields of a request that builds this one.
    private var request: JSONValue {
        guard let project else { return ["rootDirectory": .string(directory)] }
        var request: JSONValue = ["rootDirectory": .string(project.above)]
        if let command = project.buildCommand { request["buildCommand"] = .string(command) }
        switch project.start {
        case .command(let text): request["startCommand"] = .string(text)
        case .site(let site): request["environmentVariables"] = [Planner.siteVariable: .string(site)]
        }
        return request
    }
}

extension RuleSet {
    /// A score that a directory needs to count as an app.
    static let leastScore = 50
    private static let depth = 6
    /// What is read to list all apps, and what to say in a sentence which there are.
    private static let listBytes = 256 << 20
    static let hintBytes = 16 << 20
    /// Files of tools that start the apps below them, rather than one of their own.
    private static let orchestrators = ["turbo.json", "nx.json", "lerna.json", "rush.json"]

    /// Every directory of the tree that a plan can be made for, sorted by path. A part of an app, such as a package that the app
    /// above it runs, is none.
    ///
    /// - Throws: what the tree throws.
    package func roots(tree: any SourceTree, options: PlanOptions = PlanOptions()) throws -> [AppRoot] {
        try roots(tree: tree, options: options, reading: Self.listBytes)
    }

    /// - Parameter limit: bytes of files that are read at most, about: what is further down is not looked at. Each directory of a hostile
    ///   tree may have a large manifest, and the same one.
    func roots(tree: any SourceTree, options: PlanOptions, reading limit: Int) throws -> [AppRoot] {
        let ignore = rules.map(\.ignore).reduce(nil) { $0?.intersection($1) ?? $1 } ?? []
        let outline = try TreeOutline(tree, depth: Self.depth, ignore: ignore)
        let workspace = try Workspace(outline, ignore: ignore)
        let wanted = wantedNames
        var roots: [AppRoot] = []
        var orchestrating: [AppRoot] = []
        for directory in outline.ranges.keys.sorted() {
            let view =
                try directory.isEmpty
                ? workspace.view : TreeView(SubTree(outline: outline, directory: directory), ignore: ignore)
            guard wanted.holds(view.top), !isIgnored(directory), outline.bytesRead < limit else { continue }
            let alone = try? plan(view: view, options: options)
            if workspace.packages?.holds(directory) == true, !isPart(directory, alone, of: roots) {
                switch try member(directory, of: workspace, plan: alone, options) {
                case .app(let root):
                    roots.append(root)
                    continue
                case .library: continue
                case .alone: break
                }
            }
            guard let plan = alone, let score = plan.candidates.first?.score, score >= Self.leastScore else { continue }
            // A module is built from above.
            if plan.language == "java", workspace.modules.hold(directory) { continue }
            let root = AppRoot(directory: directory, score: score, plan: plan)
            if Self.orchestrators.contains(where: plan.start.source.hasSuffix) {
                orchestrating.append(root)
            } else if workspace.holds(directory) && !hasManifest(root, top: view.top) {
                // A part of a project, which its tool builds.
                continue
            } else if isOfItsOwn(root, below: roots, top: view.top) {
                roots.append(root)
            }
        }
        roots += try self.roots(of: workspace, besides: roots, options)
        let alone = orchestrating.filter { above in !roots.contains { $0.directory.isBelow(above.directory) } }
        return (roots + alone).sorted { $0.directory < $1.directory }
    }

    func isIgnored(_ directory: String) -> Bool {
        let names = directory.split(separator: "/").map(String.init)
        // What says "example" is not what a repository deploys; its root directory can still be set to it.
        return names.contains {
            ["test", "tests", "__tests__", "e2e", "fixtures", "testdata", "node_modules"].contains($0)
        }
    }

    /// Whether an app above a package runs it.
    private func isPart(_ directory: String, _ plan: BuildPlan?, of roots: [AppRoot]) -> Bool {
        plan?.framework == nil && roots.contains { directory.isBelow($0.directory) }
    }

    /// Below an app, only what has a manifest of its own is another; of the same language, only what is made with a framework.
    private func isOfItsOwn(_ root: AppRoot, below roots: [AppRoot], top: [String: TreeEntry.Kind]) -> Bool {
        guard let app = roots.last(where: { root.directory.isBelow($0.directory) }) else { return true }
        return hasManifest(root, top: top) && isAnother(root, app)
    }

    private func isAnother(_ root: AppRoot, _ app: AppRoot) -> Bool {
        app.plan.language != root.plan.language || root.plan.framework != nil
    }

    /// Whether a directory has what makes it an app of its own, in the language of its plan.
    private func hasManifest(_ root: AppRoot, top: [String: TreeEntry.Kind]) -> Bool {
        guard let rule = rules.first(where: { $0.identity == root.plan.rule }) else { return false }
        return rule.manifests.contains { pattern in top.keys.contains { pattern.matches(path: $0) } }
    }
}

extension String {
    /// Whether a directory is within another one, or the root.
    fileprivate func isBelow(_ directory: String) -> Bool { directory.isEmpty || hasPrefix(directory + "/") }
}

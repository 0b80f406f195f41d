internal import BuildModel
internal import Documents

/// What the tools of a workspace say of its directories.
struct Workspace {
    /// The repository as a whole.
    let view: TreeView
    /// The apps among the projects.
    private(set) var apps: [WorkspaceProject] = []
    /// Directories of all projects, libraries too.
    private(set) var directories: Set<String> = []
    /// nil where packages are installed one by one.
    let packages: PackageWorkspace?
    /// What is built by Maven or Gradle from further up.
    let modules: JavaModules
    private let outline: TreeOutline
    private let ignore: Set<String>

    init(_ outline: TreeOutline, ignore: Set<String>) throws {
        view = try TreeView(SubTree(outline: outline, directory: ""), ignore: ignore)
        packages = try PackageWorkspace(view)
        modules = try JavaModules(outline, view)
        (self.outline, self.ignore) = (outline, ignore)
        apps = modules.apps
        for tool in WorkspaceTool.allCases where try outline.tree.entry(at: tool.marker) != nil {
            for (kind, path) in outline.entries where kind == .file && path.hasSuffix("/\(tool.manifest)") {
                let directory = String(path.dropLast(tool.manifest.count + 1))
                guard directories.insert(directory).inserted else { continue }
                guard case .success(let document) = try view.document(path),
                    let project = tool.project(document, in: directory)
                else { continue }
                apps.append(project)
            }
        }
    }

    /// The directory that a project is built in.
    func view(above project: WorkspaceProject) throws -> TreeView {
        project.above.isEmpty
            ? view : try TreeView(SubTree(outline: outline, directory: project.above), ignore: ignore)
    }

    /// Whether a directory is one of a project, or in one, or in one of a package.
    func holds(_ directory: String) -> Bool {
        directories.contains { directory == $0 || directory.hasPrefix($0 + "/") } || isInPackage(directory)
    }

    private func isInPackage(_ directory: String) -> Bool {
        var parts = directory.split(separator: "/")
        while parts.popLast() != nil {
            if packages?.holds(parts.joined(separator: "/")) == true { return true }
        }
        return false
    }
}

extension RuleSet {
    /// The apps that the tools of a workspace know beside those that were found by themselves. Their plan is that of the whole
    /// repository with commands of their own.
    func roots(of workspace: Workspace, besides roots: [AppRoot], _ options: PlanOptions) throws -> [AppRoot] {
        try workspace.apps.compactMap { project in
            let isKnown = roots.contains { root in
                // What is built above from all modules is their app.
                root.directory == project.directory
                    || workspace.modules.directories.contains(project.directory) && root.directory == project.above
            }
            guard !isIgnored(project.directory), !isKnown else { return nil }
            return root(of: project, try workspace.view(above: project), options)
        }
    }

    func root(of project: WorkspaceProject, _ view: TreeView, _ options: PlanOptions) -> AppRoot? {
        var options = options
        options.buildCommand = project.buildCommand
        switch project.start {
        case .command(let text): options.startCommand = text
        case .site(let directory): options.environment[Planner.siteVariable] = directory
        }
        guard var plan = try? plan(view: view, options: options), !plan.candidates.isEmpty else { return nil }
        plan.candidates[0].evidence.insert(project.evidence, at: 0)
        let score = plan.candidates[0].score
        return AppRoot(directory: project.directory, score: score, plan: plan, project: project)
    }
}

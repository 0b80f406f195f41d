package import BuildModel

/// The only app of a repository whose root is none.
package struct SoleApp: Sendable {
    /// Where it lies.
    package var place: String
    /// What is planned and built, relative to the root; for a package of a workspace the workspace's.
    package var directory: String
    /// What it is planned with.
    package var options: PlanOptions
    /// It is one of several, to which the root's Procfile goes.
    package var isNamed = false

    /// Why it is built although nobody asked for it, in a sentence.
    package var words: String {
        if isNamed {
            return
                "The Procfile goes to '\(place)': that is built as if the root directory were it, and nothing beside it."
        }
        return directory != place
            ? "The only app is the package '\(place)' of the workspace: it is built and started. A request may name its commands itself."
            : "The only app is in '\(place)': it is built as if the root directory were that. A request may say so itself."
    }
}

extension RuleSet {
    /// A score that a directory needs to be built without being asked for: that of a manifest with files of its language. The name of a
    /// file says too little.
    private static let leastScoreOfSoleApp = 70

    /// What is built in the place of a root that is no app: the only app below it, if nobody says anything of the root, and it is a
    /// package of the root's workspace, or all that lies outside of it is documents and settings of tools; of several apps the one
    /// that a Procfile of the root goes to.
    ///
    /// - Parameter failure: why there is no plan of the root.
    /// - Returns: nil if the failure stands.
    /// - Throws: what the tree throws.
    package func soleApp(
        in tree: any SourceTree,
        besides failure: BuildFailure,
        options: PlanOptions = PlanOptions()
    ) throws -> SoleApp? {
        guard [.nothingDetected, .noStartCommand].contains(failure.code), !options.speakOfTheRoot,
            try tree.entry(at: AppSettings.fileName) == nil
        else { return nil }
        let roots = try apps(in: tree, options).filter { !$0.directory.isEmpty }
        let procfile = try Procfile.read(try view(of: tree))
        guard let app = roots.first, roots.count == 1, !Self.isAside(app.directory) else {
            return named(by: procfile, among: roots, options)
        }
        if let project = app.project {
            guard try project.above.isEmpty || holdsDocumentsAlone(tree, besides: project.above) else { return nil }
            var options = options
            options.workspaceApp = project
            return SoleApp(place: app.directory, directory: project.above, options: options)
        }
        guard app.score >= Self.leastScoreOfSoleApp || Self.isPages(app),
            try holdsDocumentsAlone(tree, besides: app.directory)
        else {
            return named(by: procfile, among: roots, options)
        }
        guard let procfile else { return SoleApp(place: app.directory, directory: app.directory, options: options) }
        return follow(procfile, to: app, options)
    }

    /// An app below the root with what a Procfile of the root says of it; nil if that says more than is there.
    private func follow(_ procfile: Procfile, to app: AppRoot, _ options: PlanOptions) -> SoleApp? {
        guard let below = procfile.seen(from: app.directory) else { return nil }
        var options = options
        options.procfileAbove = below
        return SoleApp(place: app.directory, directory: app.directory, options: options)
    }

    /// The one of several apps that a Procfile goes to; what lies beside it is not asked.
    private func named(by procfile: Procfile?, among roots: [AppRoot], _ options: PlanOptions) -> SoleApp? {
        guard let procfile else { return nil }
        let apps = roots.filter { $0.score >= Self.leastScoreOfSoleApp && $0.project == nil }
            .compactMap { follow(procfile, to: $0, options) }
        guard var app = apps.first, apps.count == 1 else { return nil }
        app.isNamed = true
        return app
    }

    /// The apps of a repository whose root is none. What a lock says is held against what is built, and tells nothing of where that lies.
    private func apps(in tree: any SourceTree, _ options: PlanOptions) throws -> [AppRoot] {
        var open = options
        open.lock = nil
        return try roots(tree: tree, options: open, reading: Self.hintBytes)
    }

    /// Whether a directory is called after what shows, tries or makes something else.
    private static func isAside(_ directory: String) -> Bool {
        let names: Set<Substring> = [
            "example", "examples", "sample", "samples", "demo", "demos", "hack", "tool", "tools", "scripts", "contrib",
            "playground", "sandbox", "bench", "benchmarks", "test-app", "testapp", "testing",
        ]
        return directory.split(separator: "/").contains { names.contains($0) }
    }

    /// Pages have no manifest: the name of their directory has to say that they are what is served.
    private static func isPages(_ app: AppRoot) -> Bool {
        let name = app.directory.split(separator: "/").last.map(String.init) ?? ""
        return app.plan.language == "static"
            && ["docs", "public", "public_html", "site", "website", "www", "html", "htdocs", "web", "dist"].contains(
                name
            )
    }

    /// Why a plan of the root is none, where little speaks for it (a page somewhere below, a file of a language, a Procfile that goes down) and
    /// apps lie below.
    func weakness(of plan: BuildPlan, of tree: any SourceTree, _ options: PlanOptions) throws -> BuildFailure? {
        guard let winner = plan.candidates.first, winner.score < Self.leastScore, !options.speakOfTheRoot,
            plan.start.source.hasPrefix("rule ") || plan.start.source.hasPrefix("Procfile: "),
            try tree.entry(at: AppSettings.fileName) == nil
        else { return nil }
        let procfile = try Procfile.read(try view(of: tree))
        let apps = try apps(in: tree, options).filter { !$0.directory.isEmpty }
        let isGreater = apps.contains { app in
            app.score >= Self.leastScoreOfSoleApp && procfile.map { $0.seen(from: app.directory) != nil } ?? true
        }
        guard isGreater else { return nil }
        return weak(winner)
    }
}

extension PlanOptions {
    /// Whether somebody says how the root is built or started.
    var speakOfTheRoot: Bool {
        let names = ["LANGUAGE", "INSTALL_COMMAND", "BUILD_COMMAND", "START_COMMAND"].map { "SLIPWAY_\($0)" }
        return startCommand != nil || buildCommand != nil
            || (names + [Planner.siteVariable]).contains { environment[$0] != nil }
    }
}

internal import BuildModel

extension Planner {
    private static let maximumDirectories = 5000

    /// Directories that the app may write to, as the rule and the app name them, and whether each is meant alone.
    private func givenWritable(includesSource: Bool) throws -> [String: Bool] {
        var paths: [String: Bool] = [:]
        if settings.writable?.isAdded ?? true {
            for directory in rule.writable {
                guard case .holds(_, let facts) = try detector.all(directory.when) else { continue }
                let path = try context.template(facts).filled(directory.path)
                if let fault = SandboxPath.fault(path) {
                    throw BuildFailure.plan(.invalidRequest, "'\(path.prefix(120))' in 'writable' must be \(fault).")
                }
                switch directory.extent {
                case .whole: paths[path.plain] = false
                case .alone: paths[path.plain] = paths[path.plain] ?? true
                case .databases where includesSource:
                    for place in try databasePlaces(below: path) { paths[place] = paths[place] ?? true }
                case .databases: break
                }
            }
        }
        for path in settings.writable?.paths ?? [] { paths[path.plain] = false }
        return paths
    }

    /// Directories of the source, from one on, that have a database in them, as deep as is listed anyway.
    private func databasePlaces(below path: String) throws -> Set<String> {
        guard let top = path.below(rule.directory) else { return [] }
        let patterns = TreeView.databases.flatMap { ending in ["", "*/", "*/*/"].map { GlobPattern("\($0)*\(ending)") }
        }
        let found = try patterns.flatMap { Array(try detector.matches($0)) }.filter(TreeView.isDatabase)
        let places = Set(found.map { $0.split(separator: "/").dropLast().joined(separator: "/") })
        return Set(
            places.map { "\(rule.directory)/\($0)".plain }.filter { $0.below("\(rule.directory)/\(top)") != nil }
        )
    }

    /// Writes into a plan which directories of its image the app may write to: those that are named and, of the source, those below them.
    func addWritable(to plan: inout BuildPlan) throws {
        let given = try givenWritable(includesSource: plan.includesSource).sorted { $0.key.precedes($1.key) }
        var (paths, found, files): (Set<String>, Set<String>, Set<String>) = ([], [], [])
        for (path, isAlone) in given {
            guard plan.includesSource, let place = path.below(rule.directory) else {
                paths.insert(path)
                continue
            }
            if let other = try obstacle(on: place) {
                plan.warnings.append("\(other) is no directory, so that the app cannot be let write to \(path).")
                continue
            }
            paths.insert(path)
            do {
                let below = try view.below(place, isAlone: isAlone, limit: Self.maximumDirectories)
                found.formUnion(below.directories.map { "\(rule.directory)/\($0)" })
                files.formUnion(below.databases.map { "\(rule.directory)/\($0)" })
            } catch let failure as BuildFailure where failure.code == .limitExceeded && !isNamed(path) {
                plan.warnings.append("\(failure.message) The app can write to \(path) itself, not to those below it.")
            }
        }
        plan.foundWritable = found.subtracting(paths).sorted { $0.precedes($1) }
        plan.writable = paths.union(found).sorted { $0.precedes($1) }
        plan.writableFiles = files.sorted { $0.precedes($1) }
        addWritable(given.filter { !$0.value }.map(\.key), toStepsOf: &plan)
    }

    /// Each step knows those that its outputs have to do with.
    private func addWritable(_ given: [String], toStepsOf plan: inout BuildPlan) {
        for index in plan.steps.indices {
            let outputs = plan.steps[index].outputs.map(\.path)
            let own = given.filter { path in
                outputs.contains { $0 == path || $0.below(path) != nil || path.below($0) != nil }
            }
            plan.steps[index].writable = BuildPlan.writable(own, by: plan.user)
        }
    }

    /// Whether slipway.yaml names it, so that it is no guess of the rule.
    private func isNamed(_ path: String) -> Bool {
        settings.writable?.paths.contains { $0.plain == path } ?? false
    }

    /// The first part of a path of the tree that is there and no directory.
    private func obstacle(on path: String) throws -> String? {
        var way = ""
        for name in path.split(separator: "/") {
            way += (way.isEmpty ? "" : "/") + name
            guard let kind = try view.kind(at: way) else { return nil }
            if kind != .directory { return way }
        }
        return nil
    }
}

extension String {
    /// An absolute path without slashes that say nothing.
    fileprivate var plain: String { "/" + split(separator: "/").joined(separator: "/") }

    /// The path relative to a directory that it is in or that it is; nil elsewhere.
    fileprivate func below(_ directory: String) -> String? {
        let (own, other) = (split(separator: "/"), directory.split(separator: "/"))
        return own.starts(with: other) ? own.dropFirst(other.count).joined(separator: "/") : nil
    }
}

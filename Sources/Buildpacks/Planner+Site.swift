internal import BuildModel

extension Planner {
    /// The value of rules that serve pages: the directory of the pages below the app's, empty for what a program serves.
    static let site = "site"
    /// The variable that names it.
    static let siteVariable = "SLIPWAY_SITE"

    /// The directory of pages that `slipway.yaml` or, after it, the environment asks to be served. A start command from the same
    /// place, or from one that goes before it, is what is started instead.
    ///
    /// - Throws: `BuildFailure`: `unsupported` where the rule serves no pages, `invalid_manifest` or `invalid_request` for what is no
    ///   path below the app's directory.
    func givenSite() throws -> String? {
        guard options.startCommand == nil, settings.start == nil else { return nil }
        if let site = settings.site { return try checked(site, AppSettings.fileName, .invalidManifest) }
        guard options.environment["SLIPWAY_START_COMMAND"]?.isEmpty ?? true else { return nil }
        if let site = options.environment[Self.siteVariable], !site.isEmpty {
            return try checked(site, "variable \(Self.siteVariable)", .invalidRequest)
        }
        guard let app = options.workspaceApp, case .site(let site) = app.start else { return nil }
        return try checked(site, app.evidence.file, .invalidManifest)
    }

    private func checked(_ site: String, _ source: String, _ code: BuildFailure.Code) throws -> String {
        guard site.isPlainPath else {
            throw BuildFailure.plan(
                code,
                "\(source): '\(site.prefix(120))' is no directory for pages: it is a path below the app's, of letters, digits "
                    + "and @ . _ - between slashes."
            )
        }
        guard rule.values.contains(where: { $0.name == Self.site }) else {
            throw BuildFailure.plan(
                .unsupported,
                "\(source): rule '\(rule.identity.name)' serves no pages that a build makes, so '\(site)' cannot be served. "
                    + "Set 'language' to one that does, such as node."
            )
        }
        return site
    }
}

extension String {
    /// Whether it is a relative path that stays below where it starts, and that a command line and a Caddyfile can have as it is.
    var isPlainPath: Bool {
        let parts = split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !["", ".", ".."].contains($0) } && isPlainText
    }

    /// Whether a command line can have it as it is.
    var isPlainText: Bool {
        !isEmpty && !hasPrefix("-")
            && utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "@/._-".utf8.contains(byte)
            }
    }
}

/// What a plan was made with, so that it can be made again: the rule's digest, the exact versions and the base image.
package struct PlanLock: Sendable, Hashable {
    package var rule: RuleIdentity
    /// By tool.
    package var versions: [String: String]
    /// The image that the app runs in, with its digest where that is known.
    package var runImage: ImageReference

    package init(rule: RuleIdentity, versions: [String: String], runImage: ImageReference) {
        self.rule = rule
        self.versions = versions
        self.runImage = runImage
    }

    /// The lock of a plan.
    ///
    /// - Parameter base: the digest that the run image had.
    package init(_ plan: BuildPlan, base: Digest? = nil) {
        self.init(
            rule: plan.rule,
            versions: Dictionary(plan.versions.map { ($0.tool, $0.version) }, uniquingKeysWith: { first, _ in first }),
            runImage: plan.runImage
        )
        if let base { runImage.digest = base }
    }

    /// The lock as JSON; its canonical text is an image's label `io.slipway.plan.lock`.
    package var json: JSONValue {
        [
            "rule": ["name": .string(rule.name), "digest": .string(rule.digest.description)],
            "versions": .object(versions.mapValues { .string($0) }),
            "runImage": .string(runImage.description),
        ]
    }

    /// Reads a lock, or a plan that has one as `lock`.
    ///
    /// - Throws: `BuildFailure` with code `invalid_request` if it is none.
    package init(_ json: JSONValue) throws(BuildFailure) {
        let lock = json["lock"] ?? json
        guard let name = lock["rule"]?["name"]?.string,
            let digest = try? Digest(parsing: lock["rule"]?["digest"]?.string ?? ""),
            let versions = lock["versions"]?.object, let image = lock["runImage"]?.string,
            let runImage = try? ImageReference(parsing: image)
        else {
            throw BuildFailure(
                .code,
                .invalidRequest,
                operation: "plan.lock",
                message:
                    "This is no lock of a plan: 'rule', 'versions' and 'runImage' are needed, as 'slipway plan -o json' "
                    + "has them in 'lock' and an image in its label io.slipway.plan.lock."
            )
        }
        self.init(
            rule: RuleIdentity(name: name, digest: digest),
            versions: versions.compactMapValues(\.string),
            runImage: runImage
        )
    }
}

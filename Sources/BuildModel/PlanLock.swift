/// What a plan was made with, so that it can be made again: the rule's digest, the exact versions, and every image by its digest.
package struct PlanLock: Sendable, Hashable {
    package var rule: RuleIdentity
    /// By tool.
    package var versions: [String: String]
    /// The image that the app runs in, with its digest where that is known.
    package var runImage: ImageReference
    /// The digests of all images that the plan names by a tag, the one that the app runs in and those that steps run in, by name and tag.
    package var images: [String: Digest]

    package init(
        rule: RuleIdentity,
        versions: [String: String],
        runImage: ImageReference,
        images: [String: Digest] = [:]
    ) {
        self.rule = rule
        self.versions = versions
        self.runImage = runImage
        self.images = images
    }

    /// The lock of a plan.
    ///
    /// - Parameter found: the plan's images with the digests that they had; what the plan is held to goes without saying.
    package init(_ plan: BuildPlan, found: [ImageReference] = []) {
        self.init(
            rule: plan.rule,
            versions: Dictionary(plan.versions.map { ($0.tool, $0.version) }, uniquingKeysWith: { first, _ in first }),
            runImage: plan.runImage
        )
        let tags = Set(plan.images.filter { $0.digest == nil }.map(\.description))
        for image in plan.heldImages + found {
            guard let digest = image.digest, tags.contains(image.tagged) else { continue }
            images[image.tagged] = digest
        }
        runImage.digest = runImage.digest ?? images[runImage.tagged]
    }

    /// The lock as JSON; its canonical text is an image's label `io.slipway.plan.lock`.
    package var json: JSONValue {
        var value: JSONValue = [
            "rule": ["name": .string(rule.name), "digest": .string(rule.digest.description)],
            "versions": .object(versions.mapValues { .string($0) }),
            "runImage": .string(runImage.description),
        ]
        if !images.isEmpty { value["images"] = .object(images.mapValues { .string($0.description) }) }
        return value
    }

    /// Reads a lock, or a plan that has one as `lock`.
    ///
    /// - Throws: `BuildFailure` with code `invalid_request` if it is none.
    package init(_ json: JSONValue) throws(BuildFailure) {
        let lock = json["lock"] ?? json
        guard let name = lock["rule"]?["name"]?.string,
            let digest = try? Digest(parsing: lock["rule"]?["digest"]?.string ?? ""),
            let versions = lock["versions"]?.object, let image = lock["runImage"]?.string,
            let runImage = try? ImageReference(parsing: image), let images = Self.images(lock, runImage)
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
            runImage: runImage,
            images: images
        )
    }

    /// nil if one of them is none. Locks of before all images were in them have the one that the app runs in.
    private static func images(_ lock: JSONValue, _ runImage: ImageReference) -> [String: Digest]? {
        var images: [String: Digest] = [:]
        if let digest = runImage.digest { images[runImage.tagged] = digest }
        for (name, digest) in lock["images"]?.object ?? [:] {
            guard let digest = digest.string.flatMap({ try? Digest(parsing: $0) }) else { return nil }
            images[name] = digest
        }
        return images
    }
}

extension BuildPlan {
    /// All images that the plan names, as it names them.
    package var images: [ImageReference] { [runImage] + steps.map(\.image) }

    /// The same with the digests that they are held to.
    fileprivate var heldImages: [ImageReference] { [heldRunImage] + steps.map(\.heldImage) }

    /// Holds images that are named by tags to the digests of a lock. The plan's own digest stays the same.
    ///
    /// - Returns: what the lock has no digest of, each once.
    package mutating func hold(to lock: PlanLock) -> [ImageReference] {
        runImageDigest = lock.images[runImage.tagged]
        for index in steps.indices { steps[index].imageDigest = lock.images[steps[index].image.tagged] }
        var unknown: [ImageReference] = []
        for image in heldImages where image.digest == nil && !unknown.contains(image) { unknown.append(image) }
        return unknown
    }
}

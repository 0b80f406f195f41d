extension BuildRequest {
    /// Reads a request of the intake contract.
    ///
    /// - Parameter json: the object that a producer sent.
    /// - Throws: `BuildFailure` with code `invalid_request` that names the field, what it is and what it should be.
    package init(json: JSONValue) throws(BuildFailure) {
        guard json.object != nil else {
            throw FieldReader.invalid("the request", "must be a JSON object, not \(json.kind)")
        }
        let fields = FieldReader(json)
        guard try fields.integer("version", in: 1...1) ?? 1 == 1 else {
            throw FieldReader.invalid("version", "must be 1")
        }
        let rollback = try fields.rollbackTarget("rollback")
        self.init(
            deploymentID: try fields.requiredIdentifier("deploymentId"),
            projectID: try fields.requiredIdentifier("projectId"),
            repositoryURL: rollback == nil
                ? try fields.requiredString("repositoryUrl", maximum: 2048)
                : try fields.string("repositoryUrl", maximum: 2048) ?? ""
        )
        self.rollback = rollback
        try readSource(fields)
        try readBuild(fields)
        try readQueue(fields)
        try readDeployment(fields)
    }

    private mutating func readSource(_ fields: FieldReader) throws(BuildFailure) {
        organizationID = try fields.identifier("organizationId")
        branch = try fields.string("branch", maximum: 255)
        commitSHA = try fields.commit("commitSha")
        commitMessage = try fields.string("commitMessage", maximum: 65536)
        authorName = try fields.string("authorName", maximum: 255)
        authorEmail = try fields.string("authorEmail", maximum: 255)
        rootDirectory = try fields.directory("rootDirectory")
    }

    private mutating func readBuild(_ fields: FieldReader) throws(BuildFailure) {
        buildCommand = try fields.string("buildCommand", maximum: 16384)
        startCommand = try fields.string("startCommand", maximum: 16384)
        environmentVariables = try fields.environment("environmentVariables")
        buildSecrets = try fields.strings("buildSecrets")
        stepLimits = try fields.stepLimits("stepLimits")
        if let name = try fields.string("image", maximum: 512) {
            do {
                image = try ImageReference(parsing: name)
            } catch {
                throw FieldReader.invalid("image", error.message)
            }
        }
    }

    private mutating func readQueue(_ fields: FieldReader) throws(BuildFailure) {
        priority = try fields.integer("priority", in: -1_000_000...1_000_000) ?? 0
        retry.attempts = try fields.integer("attempts", in: 1...100) ?? retry.attempts
        if let backoff = try fields.object("backoff") {
            guard try backoff.string("type", maximum: 32) ?? "exponential" == "exponential" else {
                throw FieldReader.invalid("backoff.type", "must be \"exponential\"")
            }
            retry.delayMilliseconds = try backoff.integer("delay", in: 0...86_400_000) ?? retry.delayMilliseconds
            retry.jitters = try backoff.bool("jitter") ?? false
        }
        delayMilliseconds = try fields.integer("delay", in: 0...2_592_000_000) ?? 0
        timeoutSeconds = try fields.integer("timeoutSeconds", in: 1...86_400)
        labels = try fields.labels("labels")
        supersedes = try fields.identifier("supersedes")
    }

    private mutating func readDeployment(_ fields: FieldReader) throws(BuildFailure) {
        healthCheckPath = try fields.string("healthCheckPath", maximum: 1024)
        if let healthCheckPath, !healthCheckPath.hasPrefix("/") {
            throw FieldReader.invalid("healthCheckPath", "must start with /")
        }
        port = try fields.integer("port", in: 1...65535)
        customDomain = try fields.string("customDomain", maximum: 253)
        sslEnabled = try fields.bool("sslEnabled") ?? false
        environmentSecrets = try fields.secretReferences("environmentSecrets")
        releaseCommand = try fields.string("releaseCommand", maximum: 16384)
        deploy = try fields.deployMode("deploy") ?? .cluster
        guard let resources = try fields.object("resources") else { return }
        let requests = try resources.object("requests")
        let limits = try resources.object("limits")
        self.resources.cpuRequest = try requests?.string("cpu", maximum: 32)
        self.resources.memoryRequest = try requests?.string("memory", maximum: 32)
        self.resources.cpuLimit = try limits?.string("cpu", maximum: 32)
        self.resources.memoryLimit = try limits?.string("memory", maximum: 32)
    }

    /// Every field of the contract; others are told to the user as a warning, never silently dropped.
    package static let knownFields: Set<String> = [
        "version", "deploymentId", "projectId", "repositoryUrl", "organizationId", "branch", "commitSha",
        "commitMessage",
        "authorName", "authorEmail", "rootDirectory", "buildCommand", "startCommand", "environmentVariables",
        "buildSecrets", "image", "priority", "delay", "labels", "attempts", "backoff", "timeoutSeconds", "supersedes",
        "healthCheckPath", "port", "customDomain", "sslEnabled", "environmentSecrets", "releaseCommand", "resources",
        "deploy", "rollback", "stepLimits",
    ]
}

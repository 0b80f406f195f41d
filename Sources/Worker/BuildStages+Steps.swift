internal import BuildModel
internal import Settings

extension BuildStages {
    /// Plan and revision to what the plan's steps make, run or remembered.
    func perform(
        _ plan: BuildPlan,
        _ revision: Revision,
        _ request: BuildRequest,
        _ reporter: any AttemptReporter,
        _ timer: inout PhaseTimer
    ) async throws -> StepLayers {
        guard !plan.steps.isEmpty else { return StepLayers() }
        guard let steps else { throw StepMaker.missing(plan) }
        let order = StepOrder(
            projectID: request.projectID,
            organizationID: request.organizationID,
            buildID: request.deploymentID,
            secrets: try StepSecrets.values(
                request.buildSecrets,
                project: request.projectID,
                in: settings.steps.secretsDirectory
            )
        )
        let format = try layerFormat(of: request)
        return try await steps.making(format).perform(
            plan,
            revision,
            from: mirrors,
            order: order,
            timer: &timer,
            log: reporter
        )
    }
}

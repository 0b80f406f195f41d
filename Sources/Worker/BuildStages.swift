package import Buildpacks
package import GitStore
package import Registry
package import Settings

/// The stages of the way of a build, each one function of one module, with what they need from the configuration.
package struct BuildStages: Sendable {
    let settings: WorkerSettings
    let mirrors: Mirrors
    let rules: RuleSet
    let registry: RegistryClient
    let images: ImageMaker
    /// nil on a node that runs no steps.
    let steps: StepMaker?
    let deployer: ClusterDeployer

    package init(
        settings: WorkerSettings,
        mirrors: Mirrors,
        rules: RuleSet,
        registry: RegistryClient,
        images: ImageMaker,
        steps: StepMaker?,
        deployer: ClusterDeployer
    ) {
        self.settings = settings
        self.mirrors = mirrors
        self.rules = rules
        self.registry = registry
        self.images = images
        self.steps = steps
        self.deployer = deployer
    }

    /// Whether there is a cluster to deploy to.
    var deploys: Bool { deployer.deployer != nil }
}

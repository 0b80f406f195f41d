package import Kubernetes

/// What the configuration says about deploying, with the cluster to deploy to if there is one.
package struct ClusterDeployer: Sendable {
    let deployer: Deployer?
    let settings: DeployerSettings
    /// Where manifests are written that somebody else applies.
    let renderDirectory: String?

    package init(deployer: Deployer?, settings: DeployerSettings, renderDirectory: String? = nil) {
        self.deployer = deployer
        self.settings = settings
        self.renderDirectory = renderDirectory
    }
}

package import Kubernetes

/// A cluster to deploy to, with what the configuration says about deploying.
package struct ClusterDeployer: Sendable {
    let deployer: Deployer
    let settings: DeployerSettings

    package init(deployer: Deployer, settings: DeployerSettings) {
        self.deployer = deployer
        self.settings = settings
    }
}

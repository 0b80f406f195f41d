internal import BuildModel

extension Kubeconfig {
    static func failure(_ message: String) -> BuildFailure {
        BuildFailure(.platform, .invalidConfiguration, operation: "kubernetes.credentials", message: message)
    }

    static func missing(_ message: String) -> BuildFailure {
        BuildFailure(
            .platform,
            .notFound,
            operation: "kubernetes.credentials",
            message: message + " Name one as kubernetes.kubeconfig in the configuration, or in KUBECONFIG."
        )
    }
}

internal import BuildModel
internal import Documents

extension Kubeconfig {
    /// A complaint about a place in the file.
    func invalid(_ node: YAMLNode, _ reason: String) -> BuildFailure {
        Self.failure("\(path):\(node.line): The kubeconfig \(reason).")
    }

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

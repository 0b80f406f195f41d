package import BuildModel
internal import HTTPTransport
internal import Platform

extension ClusterCredentials {
    /// Where a kubelet puts what a pod's service account needs.
    static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The cluster that this process runs in, by its pod's service account; nil outside of a pod.
    ///
    /// The token's file is read for every request, since kubelets put new tokens there as long as the pod lives.
    ///
    /// - Throws: `BuildFailure` with code `invalid_configuration` if the pod was given no token or no certificate.
    package static func inCluster(
        environment: (String) -> String? = SystemInformation.environment,
        directory: String = serviceAccountDirectory
    ) throws(BuildFailure) -> ClusterCredentials? {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), !host.isEmpty,
            let port = environment("KUBERNETES_SERVICE_PORT"), !port.isEmpty
        else { return nil }
        let token = "\(directory)/token"
        guard Files.exists(token) else {
            throw Kubeconfig.failure(
                "This is a pod without a service account's token ('\(token)'): set automountServiceAccountToken, or "
                    + "name a kubeconfig."
            )
        }
        let address = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        guard let server = ServerURL.normalized("https://\(address):\(port)") else {
            throw Kubeconfig.failure("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address.")
        }
        var credentials = ClusterCredentials(server: server, token: .file(token), origin: "this pod's service account")
        credentials.tls.certificateAuthorities = try Files.read("\(directory)/ca.crt", limit: 4 << 20)
        if Files.exists("\(directory)/namespace") {
            let text = String(decoding: try Files.read("\(directory)/namespace", limit: 4096), as: UTF8.self)
            credentials.namespace = text.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        return credentials
    }
}

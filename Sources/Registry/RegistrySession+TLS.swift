internal import BuildModel
internal import HTTPTransport
internal import Platform
internal import Synchronization

extension RegistrySession {
    /// How a host is trusted.
    ///
    /// - Parameter registry: the registry whose entry counts where the host has none of its own.
    func tls(for url: HTTPURL, likeRegistry registry: String?) throws(BuildFailure) -> TLSSettings {
        var tls = TLSSettings()
        let hosts = [url.authority, registry].compactMap { $0 }
        if let file = hosts.lazy.compactMap({ self.settings.certificateAuthorityFiles[$0] }).first {
            tls.certificateAuthorities = try contents(of: file)
        }
        tls.allowsAnyCertificate = hosts.contains { settings.insecure.contains($0) }
        // Our own certificate is for the host that it was configured for, and nobody whom that names.
        let own = settings.clientCertificateFiles[url.authority]
        let isRegistry = registry.flatMap { try? settings.base(of: $0) }?.hasSameOrigin(as: url) == true
        if let own = own ?? (isRegistry ? registry.flatMap { settings.clientCertificateFiles[$0] } : nil) {
            tls.clientCertificate = try contents(of: own)
        }
        return tls
    }

    private func contents(of file: String) throws(BuildFailure) -> [UInt8] {
        if let known = files.withLock({ $0[file] }) { return known }
        let bytes = try Files.read(file, limit: 4 << 20)
        files.withLock { $0[file] = bytes }
        return bytes
    }
}

internal import BuildModel
internal import CGit2
internal import Platform

/// The callbacks that a fetch gives to libgit2. Each finds its operation behind `payload`.
enum FetchCallbacks {
    static func install(_ operation: FetchOperation, in callbacks: inout git_remote_callbacks) {
        unsafe callbacks.payload = Unmanaged.passUnretained(operation).toOpaque()
        unsafe callbacks.transfer_progress = { stats, payload in
            guard let stats = unsafe stats, let operation = unsafe FetchCallbacks.operation(payload) else { return -1 }
            return unsafe operation.accepts(stats.pointee) ? 0 : -1
        }
        unsafe callbacks.sideband_progress = { _, _, payload in
            unsafe FetchCallbacks.operation(payload)?.isCancelled == false ? 0 : -1
        }
        unsafe callbacks.credentials = { out, _, username, allowed, payload in
            unsafe FetchCallbacks.credential(out, username, allowed, payload)
        }
        unsafe callbacks.certificate_check = { certificate, isValid, host, payload in
            unsafe FetchCallbacks.check(certificate, isValid: isValid != 0, host, payload)
        }
    }

    private static func operation(_ payload: UnsafeMutableRawPointer?) -> FetchOperation? {
        unsafe payload.map { unsafe Unmanaged<FetchOperation>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func credential(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
        _ username: UnsafePointer<CChar>?,
        _ allowed: UInt32,
        _ payload: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let operation = unsafe operation(payload) else { return GIT_EAUTH.rawValue }
        let user = unsafe username.map { unsafe String(cString: $0) } ?? operation.url.username ?? "git"
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 {
            return unsafe git_credential_username_new(out, user)
        }
        let kinds = CredentialKinds(rawValue: allowed)
        let offers = operation.offers(user: user, kinds: kinds)
        let tried = operation.countCredential()
        guard tried < offers.count else {
            operation.fail(operation.refusal(tried: tried, kinds: kinds))
            unsafe git_error_set_str(Int32(GIT_ERROR_HTTP.rawValue), "no credential is left to try")
            return GIT_EAUTH.rawValue
        }
        return unsafe offers[tried].create(out)
    }

    private static func check(
        _ certificate: UnsafeMutablePointer<git_cert>?,
        isValid: Bool,
        _ host: UnsafePointer<CChar>?,
        _ payload: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let operation = unsafe operation(payload), let certificate = unsafe certificate else {
            return GIT_ECERTIFICATE.rawValue
        }
        let failure: BuildFailure?
        if unsafe certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 {
            let key = unsafe UnsafeMutableRawPointer(certificate).assumingMemoryBound(to: git_cert_hostkey.self)
            failure = operation.check(hostKey: unsafe bytes(of: key.pointee))
        } else {
            failure = isValid ? nil : operation.untrustedCertificate
        }
        guard let failure else { return 0 }
        operation.fail(failure)
        unsafe git_error_set_str(Int32(GIT_ERROR_SSL.rawValue), "the host's key or certificate is not trusted")
        return GIT_ECERTIFICATE.rawValue
    }

    /// The host key as SSH sends it (RFC 4253, 6.6), or nothing where the library does not lend it.
    private static func bytes(of key: git_cert_hostkey) -> [UInt8] {
        guard unsafe key.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0, let start = unsafe key.hostkey else {
            return []
        }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: key.hostkey_len))
    }
}

extension FetchOperation {
    var untrustedCertificate: BuildFailure {
        BuildFailure(
            .platform,
            .certificateUntrusted,
            operation: "git.fetch",
            message:
                "The certificate of \(url.address) is not signed by a trusted authority, has expired, or is for another"
                + " name; if it is your own, add its authority to the certificate authority file."
        )
    }

    /// Compares a host's key with `known_hosts`; nil when it is there.
    func check(hostKey: [UInt8]) -> BuildFailure? {
        let file = settings.knownHostsFile ?? KnownHosts.defaultFile
        let verdict: KnownHosts.Verdict
        do {
            verdict = try KnownHosts(file: file).verdict(host: url.host, port: url.effectivePort, key: hostKey)
        } catch {
            return error
        }
        let problem: String
        switch verdict {
        case .known: return nil
        case .unknown: problem = "is not in \(file); check its fingerprint and add it"
        case .otherKeys(let line):
            problem =
                "differs from the one in \(file), line \(line); if the host has a new key,"
                + " replace it there, else somebody is in between"
        case .revoked(let line): problem = "is revoked by \(file), line \(line)"
        }
        return BuildFailure(
            .platform,
            .hostKeyMismatch,
            operation: "git.fetch",
            message: "The ssh host key of \(url.address) (\(KnownHosts.fingerprint(hostKey))) \(problem)."
        )
    }
}

internal import BuildModel
internal import CGit2
internal import Platform

/// The kinds of credentials that a server accepts, as libgit2 asks for them.
struct CredentialKinds: OptionSet {
    let rawValue: UInt32
    static let password = Self(rawValue: GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue)
    static let sshKey = Self(rawValue: GIT_CREDENTIAL_SSH_KEY.rawValue)
}

/// One credential that can be shown to a server.
enum CredentialOffer {
    case password(user: String, password: Redacted<String>)
    case keyFile(user: String, path: String, passphrase: Redacted<String>?)
    case agent(user: String)

    /// Makes libgit2's form of it, which the library owns and frees.
    func create(_ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?) -> Int32 {
        switch self {
        case .password(let user, let password):
            unsafe git_credential_userpass_plaintext_new(out, user, password.exposed)
        case .keyFile(let user, let path, let passphrase):
            unsafe git_credential_ssh_key_new(out, user, nil, path, passphrase?.exposed)
        case .agent(let user):
            unsafe git_credential_ssh_key_from_agent(out, user)
        }
    }
}

extension FetchOperation {
    /// What can be tried, in order: what the URL carries, then what the configuration has for the host.
    func offers(user: String, kinds: CredentialKinds) -> [CredentialOffer] {
        var offers: [CredentialOffer] = []
        if kinds.contains(.sshKey) {
            if let file = settings.sshKeyFile {
                offers.append(.keyFile(user: user, path: file, passphrase: settings.sshKeyPassphrase))
            }
            if settings.usesSSHAgent, SystemInformation.environment("SSH_AUTH_SOCK") != nil {
                offers.append(.agent(user: user))
            }
        }
        guard kinds.contains(.password) else { return offers }
        if url.password != nil || (url.scheme != "ssh" && url.username != nil) {
            offers.append(.password(user: url.username ?? "", password: url.password ?? Redacted("")))
        }
        let configured = settings.credentials.filter {
            CredentialPlace($0.host).admits(url)
        }
        for credential in configured where url.scheme != "ssh" || credential.username == user {
            offers.append(.password(user: credential.username, password: credential.password))
        }
        return offers
    }

    /// Why no credential led in.
    func refusal(tried: Int, kinds: CredentialKinds) -> BuildFailure {
        let advice: String
        if url.scheme == "ssh" {
            advice = "configure an ssh key file or agent whose public key the host knows"
        } else {
            let place = (url.scheme == "http" ? "http://" : "") + (url.isOnDefaultPort ? url.host : url.address)
            advice = "put one that may read the repository into the configuration for '\(place)', or into the URL"
        }
        let words =
            tried == 0
            ? "asks for a credential for \(url.display), and there is none for it"
            : "refuses the credential for \(url.display)"
        return .source(
            .unauthorized,
            "\(url.host) \(words); \(advice). A repository that does not exist may look the same."
        )
    }
}

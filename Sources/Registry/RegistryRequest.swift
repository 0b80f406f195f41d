internal import BuildModel
internal import HTTPTransport

/// A request to a registry, with what is needed to authorize it and to speak of it.
struct RegistryRequest: Sendable {
    let repository: Repository
    var method: HTTPRequest.Method
    var url: HTTPURL
    var headers = HTTPHeaders()
    var body = HTTPRequest.Body.none
    var limits = HTTPLimits()
    var isRepeatable = true
    /// As `HTTPRequest.needsPermit`.
    var needsPermit = false
    /// What a token has to allow, the most important first: some servers read only one.
    var scopes: [String]
    /// What is being done, for messages: `upload the blob sha256:…`.
    var purpose: String
    /// The dotted name of the operation.
    var operation = "registry.push"

    init(
        _ method: HTTPRequest.Method,
        _ url: HTTPURL,
        in repository: Repository,
        actions: String,
        purpose: String
    ) {
        self.repository = repository
        self.method = method
        self.url = url
        self.purpose = purpose
        scopes = [repository.scope(actions)]
        if actions == "pull" { operation = "registry.fetch" }
    }

    /// Whether its body is a blob's bytes.
    var isBulk: Bool {
        guard case .content = body else { return false }
        return true
    }
}

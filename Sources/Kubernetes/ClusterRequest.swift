internal import BuildModel
internal import HTTPTransport

/// One call of the API, with the words that its failures need.
struct ClusterRequest: Sendable {
    enum Verb: String, Sendable {
        case get
        /// Server-side apply.
        case apply

        /// The verb at the beginning of a sentence.
        var gerund: String {
            switch self {
            case .get: "Reading"
            case .apply: "Applying"
            }
        }
    }

    /// A kind of object that Slipway deploys.
    enum Kind: String, Sendable {
        case deployment = "Deployment"
        case service = "Service"

        var collection: String {
            switch self {
            case .deployment: "/apis/apps/v1/namespaces/{namespace}/deployments"
            case .service: "/api/v1/namespaces/{namespace}/services"
            }
        }
    }

    /// Who owns what Slipway sets. One name for good: another would conflict with what this one has applied.
    static let fieldManager = "slipway"

    var verb: Verb
    var kind: Kind
    /// Both are DNS labels, so that they stand in a URL as they are.
    var namespace: String
    var name: String
    var body: JSONValue?

    var operation: String { "kubernetes.\(verb.rawValue)" }

    /// `Deployment 'shop' in namespace 'prod'`.
    var subject: String { "\(kind.rawValue) '\(name)' in namespace '\(namespace)'" }

    /// The path with its query, to be put behind the server's URL.
    var path: String {
        let parts = kind.collection.split(separator: "/").map { $0 == "{namespace}" ? namespace : String($0) }
        let object = "/" + parts.joined(separator: "/") + "/\(name)"
        return verb == .apply ? object + "?fieldManager=\(Self.fieldManager)" : object
    }

    /// The request as it is sent.
    func http(to credentials: ClusterCredentials, limit: Duration) throws(BuildFailure) -> HTTPRequest {
        var headers: HTTPHeaders = ["Accept": "application/json"]
        headers["Authorization"] = try credentials.authorization()
        var limits = HTTPLimits()
        limits.total = limit
        var request = HTTPRequest(.get, credentials.server + path, headers: headers, limits: limits)
        request.tls = credentials.tls
        guard verb == .apply, let body else { return request }
        request.method = .patch
        request.headers["Content-Type"] = "application/apply-patch+yaml"
        request.body = .bytes(body.canonicalBytes)
        return request
    }
}

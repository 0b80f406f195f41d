internal import BuildModel
internal import HTTPTransport

/// One call of the API, with the words that its failures need.
struct ClusterRequest: Sendable {
    enum Verb: String, Sendable {
        case get
        case list
        case watch
        /// `POST`: the one way to make an object only if it is not there.
        case create
        /// Server-side apply.
        case apply
        /// A merge patch.
        case amend
        case delete
        case log

        /// The verb at the beginning of a sentence.
        var gerund: String {
            switch self {
            case .get: "Reading"
            case .list: "Listing"
            case .watch: "Watching"
            case .create: "Creating"
            case .apply: "Applying"
            case .amend: "Tidying"
            case .delete: "Deleting"
            case .log: "Reading the log of"
            }
        }
    }

    /// Who owns what Slipway sets. One name for good: another would conflict with what this one has applied.
    static let fieldManager = "slipway"

    var verb: Verb
    var kind: ClusterResource
    /// Who owns what this call sets.
    var manager = fieldManager
    /// Both are DNS labels, so that they stand in a URL as they are.
    var namespace: String
    /// Empty for a call that is about all objects of the kind.
    var name: String
    var query: [(name: String, value: String)] = []
    var body: JSONValue?

    init(
        _ verb: Verb,
        _ kind: ClusterResource,
        namespace: String,
        name: String = "",
        query: [(name: String, value: String)] = [],
        body: JSONValue? = nil
    ) {
        self.verb = verb
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.query = query
        self.body = body
    }

    var operation: String { "kubernetes.\(verb.rawValue)" }

    /// `Deployment 'shop' in namespace 'prod'`.
    var subject: String {
        let object = name.isEmpty ? "\(kind.rawValue)s" : "\(kind.rawValue) '\(name)'"
        return kind.isGlobal ? object : "\(object) in namespace '\(namespace)'"
    }

    /// The path with its query, to be put behind the server's URL.
    var path: String {
        var path = kind.collection(in: namespace)
        switch verb {
        case .list, .watch, .create: break
        case .get, .apply, .amend, .delete: path += "/\(name)"
        case .log: path += "/\(name)/log"
        }
        let words =
            (isChange && verb != .delete ? [("fieldManager", manager)] : [])
            + query.map { ($0.name, $0.value) }
        guard !words.isEmpty else { return path }
        return path + "?" + words.map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
    }

    /// Whether it changes the cluster.
    var isChange: Bool { body != nil }

    /// Everything but letters, digits and `-_.~` as `%XX`: RFC 3986, section 2.1.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122: return String(UnicodeScalar(byte))
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                return String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }.joined()
    }
}

extension ClusterRequest {
    /// The request as it is sent, without the `Authorization` header.
    func http(to credentials: ClusterCredentials, limits: HTTPLimits) -> HTTPRequest {
        let headers: HTTPHeaders = ["Accept": verb == .log ? "*/*" : "application/json"]
        var request = HTTPRequest(.get, credentials.server + path, headers: headers, limits: limits)
        request.tls = credentials.tls
        guard let body else { return request }
        switch verb {
        case .create: (request.method, request.headers["Content-Type"]) = (.post, "application/json")
        case .delete: (request.method, request.headers["Content-Type"]) = (.delete, "application/json")
        case .amend: (request.method, request.headers["Content-Type"]) = (.patch, "application/merge-patch+json")
        default: (request.method, request.headers["Content-Type"]) = (.patch, "application/apply-patch+yaml")
        }
        request.body = .bytes(body.canonicalBytes)
        return request
    }
}

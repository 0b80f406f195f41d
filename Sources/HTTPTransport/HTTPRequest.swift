package import BuildModel
package import Platform

/// A request as plain data. Header names are compared without case; their order is kept.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// What is sent after the headers. `Content-Length` is always sent where a method may have a body.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Streamed in bounded pieces; read again from its start when the transport has to rewind.
        case content(any BlobContent)
    }

    package var method: Method
    /// An absolute `http` or `https` URL, sent byte for byte as it is.
    package var url: String
    package var headers: HTTPHeaders
    package var body: Body
    package var limits: HTTPLimits
    package var tls: TLSSettings
    /// The URL of the proxy to go through; nil for what the environment says.
    package var proxy: String?
    /// What it may connect to.
    package var reach = HTTPReach.anywhere
    /// Whether the transport may send the body again by itself when a kept connection turns out to be dead. False where the other
    /// side may have acted on the first one: the caller then asks what happened.
    package var isRepeatable = true
    /// Whether it has an effect that others see: then the `SendPermit` of the task that sends it is asked once more right before its
    /// first and its last bytes go out, and what that throws ends the request.
    package var needsPermit = false

    package init(
        _ method: Method,
        _ url: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: Body = .none,
        limits: HTTPLimits = HTTPLimits(),
        tls: TLSSettings = TLSSettings()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
        self.tls = tls
    }
}

/// Header fields: names without case, several fields of one name allowed, in order.
package struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first field's value; setting replaces every field of that name.
    package subscript(name: String) -> String? {
        get { fields.first { $0.name.lowercased() == name.lowercased() }?.value }
        set {
            fields.removeAll { $0.name.lowercased() == name.lowercased() }
            if let newValue { fields.append((name: name, value: newValue)) }
        }
    }

    /// The values of every field of a name.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    package func hash(into hasher: inout Hasher) {
        for field in fields {
            hasher.combine(field.name)
            hasher.combine(field.value)
        }
    }
}

/// Deadlines and bounds of one request.
package struct HTTPLimits: Sendable, Hashable {
    /// For the connection, TLS included.
    package var connect: Duration = .seconds(10)
    /// For the whole request; nil where only a stalled transfer ends it.
    package var total: Duration? = .seconds(60)
    /// A transfer that moves less than 1 KiB/s for this long is given up.
    package var stall: Duration = .seconds(60)
    /// How long a body may rest whose next bytes somebody has to make first: nothing is wrong with the other side meanwhile.
    package var rest: Duration = .seconds(600)
    /// As `stall`, once the last byte of a body was handed over, while the other side works on it; nil for `stall`.
    package var reply: Duration?
    /// The most bytes of a response body that are kept in memory.
    package var responseBytes: Int = 8 << 20

    package init() {}
}

/// How the other side is trusted and how we show who we are.
package struct TLSSettings: Sendable, Hashable {
    /// PEM certificates that are trusted in place of the system's; nil for the system's.
    package var certificateAuthorities: [UInt8]?
    /// PEM certificate chain and private key of the client.
    package var clientCertificate: [UInt8]?
    package var clientKey: Redacted<[UInt8]>?
    /// The name to expect in the certificate, where it is not the URL's host.
    package var serverName: String?
    /// Accept any certificate. Never a default.
    package var allowsAnyCertificate = false

    package init() {}
}

/// Takes the body of an answer piece by piece, in order. The bytes are lent for the call alone.
package typealias BodySink = @Sendable (RawSpan) throws(BuildFailure) -> Void

/// Looks at the head of an answer before its body arrives.
package typealias HeadSink = @Sendable (HTTPResponse) throws(BuildFailure) -> Void

/// The answer's head.
package struct HTTPResponse: Sendable, Hashable {
    package var status: Int
    package var headers: HTTPHeaders
    /// The URL that answered.
    package var url: String
    /// Whether a request with `Expect: 100-continue` was answered before its body was sent.
    package var wasContinued = false

    package init(status: Int, headers: HTTPHeaders, url: String) {
        self.status = status
        self.headers = headers
        self.url = url
    }

    package var isSuccess: Bool { (200...299).contains(status) }
}

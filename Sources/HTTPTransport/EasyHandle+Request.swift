internal import BuildModel
internal import CCurl
internal import Platform

extension EasyHandle {
    /// Sets everything that a request says, apart from where its bytes come from and go to.
    func configure(_ request: HTTPRequest, _ url: HTTPURL, isBulk: Bool) throws(BuildFailure) {
        try setDefaults()
        try setMethod(of: request)
        try setLimits(request.limits, bodySize: request.bodySize)
        try setTLS(request.tls)
        try setAddress(of: request, url)
        try setProxy(of: request, url)
        // Streams of one HTTP/2 connection share a TCP window: bulk gets connections of its own.
        let version = isBulk ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS
        try set(CURLOPT_HTTP_VERSION, version)
        // Many small requests to a host that speaks HTTP/2 wait for its connection instead of each opening one.
        if !isBulk, url.scheme == "https" { try set(CURLOPT_PIPEWAIT, 1) }
    }

    private func setProxy(of request: HTTPRequest, _ url: HTTPURL) throws(BuildFailure) {
        if let proxy = request.proxy { return try set(CURLOPT_PROXY, proxy) }
        guard request.reach != .anywhere else { return }
        // Either all addresses are looked at, or a proxy looks at all names, also at those that others may pass it by for.
        try set(request.checksAddresses(scheme: url.scheme) ? CURLOPT_PROXY : CURLOPT_NOPROXY, "")
    }

    private func setDefaults() throws(BuildFailure) {
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_USERAGENT, "slipway")
        // A cancelled request must not wait for a name server that does not answer.
        try set(CURLOPT_QUICK_EXIT, 1)
    }

    private func setMethod(of request: HTTPRequest) throws(BuildFailure) {
        if case .none = request.body {
            if request.method == .head { return try set(CURLOPT_NOBODY, 1) }
            if request.method == .get { return try set(CURLOPT_HTTPGET, 1) }
        }
        // An upload of known size always sends its Content-Length, 0 included, and adds no Content-Type.
        try set(CURLOPT_UPLOAD, 1)
        try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        try set(CURLOPT_INFILESIZE_LARGE, offset: request.bodySize)
        if request.bodySize > 64 << 10 { try set(CURLOPT_UPLOAD_BUFFERSIZE, 2 << 20) }
    }

    private func setLimits(_ limits: HTTPLimits, bodySize: Int64) throws(BuildFailure) {
        try set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(limits.connect.milliseconds)))
        try set(CURLOPT_TIMEOUT_MS, limits.total.map { max(1, Int($0.milliseconds)) } ?? 0)
        try setWatchful(true)
        // Of an empty body libcurl asks nothing, so there is no moment at which it has been sent.
        try setPatience((bodySize == 0 ? limits.reply : nil) ?? limits.stall)
    }

    /// Whether a transfer that hardly moves is given up when its patience is over; may be changed while it runs, on the loop's thread.
    ///
    /// libcurl counts the rest of a body that is not made yet as standing still (CURL_READFUNC_PAUSE), and would end it for that.
    func setWatchful(_ isWatchful: Bool) throws(BuildFailure) {
        try set(CURLOPT_LOW_SPEED_LIMIT, isWatchful ? 1024 : 0)
    }

    /// How long nearly nothing may move; may be changed while the transfer runs, on the loop's thread.
    func setPatience(_ patience: Duration) throws(BuildFailure) {
        try set(CURLOPT_LOW_SPEED_TIME, max(1, Int(patience.seconds.rounded(.up))))
    }

    private func setAddress(of request: HTTPRequest, _ url: HTTPURL) throws(BuildFailure) {
        var fields = request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if request.headers["Expect"] == nil { fields.append("Expect:") }
        if let name = request.tls.serverName, name != url.host {
            // libcurl checks the certificate against the URL's host: so the URL gets the expected name and the connection
            // the real host.
            let port = url.effectivePort
            let host = HTTPURL.bracketed(url.host)
            try set(CURLOPT_CONNECT_TO, list: ["\(HTTPURL.bracketed(name)):\(port):\(host):\(port)"])
            try set(CURLOPT_URL, "\(url.scheme)://\(HTTPURL.bracketed(name)):\(port)\(url.target)")
            if request.headers["Host"] == nil { fields.append("Host: \(url.authority)") }
        } else {
            try set(CURLOPT_URL, url.text)
        }
        try set(CURLOPT_HTTPHEADER, list: fields)
    }

    private func setTLS(_ settings: TLSSettings) throws(BuildFailure) {
        try setTrust(settings)
        if let certificate = settings.clientCertificate {
            try set(CURLOPT_SSLCERT_BLOB, blob: certificate)
            try set(CURLOPT_SSLKEY_BLOB, blob: settings.clientKey?.exposed ?? certificate)
        }
        if settings.allowsAnyCertificate {
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    /// The libcurl library, unlike its tool, does not look at SSL_CERT_FILE and SSL_CERT_DIR.
    private func setTrust(_ settings: TLSSettings) throws(BuildFailure) {
        if let authorities = settings.certificateAuthorities {
            try set(CURLOPT_CAINFO, nil)
            try set(CURLOPT_CAPATH, nil)
            return try set(CURLOPT_CAINFO_BLOB, blob: authorities)
        }
        let file = SystemInformation.environment("SSL_CERT_FILE")
        let directory = SystemInformation.environment("SSL_CERT_DIR")
        if file != nil || directory != nil {
            try set(CURLOPT_CAINFO, file)
            try set(CURLOPT_CAPATH, directory)
        }
    }
}

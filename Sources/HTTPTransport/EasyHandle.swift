internal import BuildModel
internal import CCurl

/// One libcurl easy handle with the lists that it points to; freed with its last reference, after it has left its multi handle.
///
/// Confined to one thread at a time: made by the caller, then used by the event loop alone. `curl_easy_setopt(3)`.
@safe
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    private let errorText: UnsafeMutablePointer<CChar>

    init() throws(BuildFailure) {
        guard Self.libraryIsReady, let raw = unsafe curl_easy_init() else {
            throw BuildFailure(
                .platform,
                .internal,
                operation: "http.request",
                message: "libcurl cannot be started: out of memory or a broken installation."
            )
        }
        unsafe self.raw = raw
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try check(unsafe slipway_curl_set_pointer(raw, CURLOPT_ERRORBUFFER, errorText), "ERRORBUFFER")
    }

    deinit {
        unsafe curl_easy_cleanup(raw)
        while let list = unsafe lists.popLast() { unsafe curl_slist_free_all(list) }
        unsafe errorText.deallocate()
    }

    /// libcurl's own words about what went wrong, if it had any.
    var errorMessage: String { unsafe String(cString: errorText) }

    func set(_ option: CURLoption, _ value: Int) throws(BuildFailure) {
        try check(unsafe slipway_curl_set_long(raw, option, value), "option \(option.rawValue)")
    }

    func set(_ option: CURLoption, offset value: Int64) throws(BuildFailure) {
        try check(unsafe slipway_curl_set_offset(raw, option, curl_off_t(value)), "option \(option.rawValue)")
    }

    /// Sets a text, or with nil takes libcurl's default away.
    func set(_ option: CURLoption, _ value: String?) throws(BuildFailure) {
        try check(unsafe slipway_curl_set_string(raw, option, value), "option \(option.rawValue)")
    }

    func set(_ option: CURLoption, blob bytes: [UInt8]) throws(BuildFailure) {
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe slipway_curl_set_blob(raw, option, buffer.baseAddress, buffer.count)
        }
        try check(code, "option \(option.rawValue)")
    }

    func set(_ option: CURLoption, list texts: [String]) throws(BuildFailure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts { unsafe list = curl_slist_append(list, text) ?? list }
        if let list = unsafe list { unsafe lists.append(list) }
        try check(unsafe slipway_curl_set_list(raw, option, list), "option \(option.rawValue)")
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(BuildFailure) {
        try check(unsafe slipway_curl_set_pointer(raw, option, pointer), "option \(option.rawValue)")
    }

    func check(_ code: CURLcode, _ what: String) throws(BuildFailure) {
        guard code != CURLE_OK else { return }
        throw BuildFailure(
            .platform,
            .internal,
            operation: "http.request",
            message: "libcurl refuses \(what).",
            cause: unsafe String(cString: curl_easy_strerror(code))
        )
    }

    /// `curl_global_init(3)`, once for the process.
    static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

internal import BuildModel
internal import CCurl
internal import Platform

/// What a request came to: the answer's head, and its body as far as it was kept.
typealias TransferResult = (HTTPResponse, [UInt8])

/// One request on its way through libcurl.
///
/// `@unchecked Sendable` is sound: the task that makes it hands it to the event loop and touches nothing but `cancelFlag` from
/// then on; everything else belongs to the loop's thread.
final class Transfer: @unchecked Sendable {
    /// Where the body of a successful answer goes.
    enum Sink {
        /// Into memory, up to a number of bytes.
        case memory(limit: Int)
        case stream(BodySink, head: HeadSink)
    }

    /// The most bytes of an error's body that are kept.
    static let errorBodyLimit = 64 << 10

    let request: HTTPRequest
    let url: HTTPURL
    let sink: Sink
    let handle: EasyHandle
    let cancelFlag = CancelFlag()
    /// Asked right before bytes go out; nil for a request that needs none.
    let permit: SendPermit.Check?
    var head = ResponseHead()
    var body: [UInt8] = []
    /// The next byte of the request's body to be sent.
    var uploadOffset: Int64 = 0
    /// What a callback failed with; libcurl only knows that one did.
    var failure: BuildFailure?
    /// An address that was not connected to.
    var refusedAddress: String?
    /// Whether the rest of an error's body was dropped on purpose.
    var isTruncated = false
    /// Whether a streamed body has begun.
    var hasBodyBegun = false
    /// When the transfer is given up if its body has not come on by then; nil while it does not rest.
    var restsUntil: ContinuousClock.Instant?
    /// Has the loop go on with the transfer after it rested.
    private(set) var wake: (@Sendable () -> Void)?
    private var continuation: CheckedContinuation<TransferResult, any Error>?

    /// Prepares a request.
    ///
    /// - Throws: `BuildFailure` if the request itself is malformed or libcurl refuses an option.
    init(_ request: HTTPRequest, sink: Sink) throws(BuildFailure) {
        self.request = request
        self.sink = sink
        url = try request.check()
        permit = request.needsPermit ? SendPermit.current : nil
        handle = try EasyHandle()
        try handle.configure(request, url, isBulk: isBulk)
        try connectCallbacks()
    }

    /// Whether a body is streamed, one way or the other.
    var isBulk: Bool {
        if case .content = request.body { return true }
        if case .stream = sink { return true }
        return false
    }

    /// Remembers whom to tell how it ended, and which loop runs it; before the transfer is handed to that.
    func prepare(_ continuation: CheckedContinuation<TransferResult, any Error>, on loop: EventLoop) {
        self.continuation = continuation
        wake = { [weak self, weak loop] in if let self { loop?.wake(self) } }
    }

    /// Ends the transfer as libcurl says it ended.
    func complete(_ code: CURLcode) {
        if let failure { return fail(failure) }
        if code == CURLE_COULDNT_CONNECT, let refusedAddress { return fail(notAllowed(refusedAddress)) }
        let endedOnPurpose = isTruncated && code == CURLE_WRITE_ERROR
        guard code == CURLE_OK || endedOnPurpose else { return fail(failure(of: code)) }
        finish(.success((response, body)))
    }

    /// The head as far as it has arrived.
    var response: HTTPResponse {
        var response = HTTPResponse(status: head.status, headers: HTTPHeaders(head.fields), url: request.url)
        response.wasContinued = head.wasContinued
        return response
    }

    func fail(_ failure: BuildFailure) { finish(.failure(failure)) }

    private func finish(_ result: Result<TransferResult, any Error>) {
        continuation?.resume(with: result)
        continuation = nil
    }
}

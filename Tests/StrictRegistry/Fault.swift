/// What may happen to one request.
package enum Fault: Sendable, Hashable {
    /// A reset after so many bytes of the body, or at once where there is none.
    case reset(afterBytes: Int)
    /// A reset after so many bytes of a blob, which are kept.
    case cut(afterBytes: Int)
    /// Nothing is said any more.
    case stall
    /// 429, with seconds to wait or without.
    case tooManyRequests(retryAfter: Int?)
    case serverError
    /// 413: a proxy takes no request as large as this one.
    case tooLarge
    /// A proxy's page.
    case badGateway
    /// An error whose JSON ends in the middle.
    case truncatedJSON
    /// The request is done, and the answer names another digest.
    case wrongDigest
    /// The answer says that it is longer than it is, and the connection ends.
    case wrongLength
    /// Half of the answer's body comes, and the connection ends.
    case halfAnswer
    /// The request is done, and the answer takes a while.
    case slow
    /// The request is done, and the answer is lost.
    case lostAnswer
    /// A blob is lost that was there before.
    case collectedBlob
    /// Every token ends now.
    case expiredTokens

    package static let all: [Fault] = [
        .reset(afterBytes: 0), .reset(afterBytes: 100_000), .stall, .tooManyRequests(retryAfter: nil),
        .tooManyRequests(retryAfter: 1), .serverError, .tooLarge, .badGateway, .truncatedJSON, .wrongDigest,
        .wrongLength,
        .halfAnswer, .slow, .lostAnswer, .collectedBlob, .expiredTokens,
    ]
}

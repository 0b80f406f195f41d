internal import BuildModel
internal import CHiredis

/// Cuts a stream of bytes into replies: hiredis' `redisReader`. Confined to the connection that owns it.
@safe final class ReplyDecoder {
    private let reader: UnsafeMutablePointer<redisReader>

    /// - Throws: `BuildFailure` with code `system` if there is no memory for a reader.
    init() throws(BuildFailure) {
        guard let reader = unsafe redisReaderCreate() else {
            throw BuildFailure(.platform, .system, operation: "redis.decode", message: "Out of memory.")
        }
        unsafe self.reader = unsafe reader
    }

    deinit { unsafe redisReaderFree(reader) }

    /// Takes bytes as they came from the socket.
    func feed(_ bytes: ArraySlice<UInt8>) throws(BuildFailure) {
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe redisReaderFeed(reader, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard status == REDIS_OK else { throw violation() }
    }

    /// The next whole reply, or nil if its end has not come yet.
    ///
    /// - Throws: `BuildFailure` with code `protocol_violation`; the stream cannot be read on after that.
    func next() throws(BuildFailure) -> RedisValue? {
        var reply: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &reply) == REDIS_OK else { throw violation() }
        guard let reply = unsafe reply else { return nil }
        defer { unsafe freeReplyObject(reply) }
        return try unsafe value(of: reply.assumingMemoryBound(to: redisReply.self))
    }

    private func value(of reply: UnsafePointer<redisReply>) throws(BuildFailure) -> RedisValue {
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_NIL: return .null
        case REDIS_REPLY_INTEGER: return .integer(unsafe reply.pointee.integer)
        case REDIS_REPLY_STRING: return .bytes(unsafe bytes(of: reply))
        case REDIS_REPLY_STATUS: return .status(String(decoding: unsafe bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: unsafe bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            var elements: [RedisValue] = []
            for index in 0..<(unsafe Int(reply.pointee.elements)) {
                guard let element = unsafe reply.pointee.element?[index] else { continue }
                elements.append(try unsafe value(of: element))
            }
            return .array(elements)
        default: throw violation("a reply of unknown type \(unsafe reply.pointee.type)")
        }
    }

    private func bytes(of reply: UnsafePointer<redisReply>) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: reply.pointee.str, count: Int(reply.pointee.len)))
    }

    private func violation(_ what: String? = nil) -> BuildFailure {
        let words = unsafe withUnsafeBytes(of: &reader.pointee.errstr) { buffer in
            unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
        return BuildFailure(
            .platform,
            .protocolViolation,
            operation: "redis.decode",
            message: "The server does not speak Redis' protocol; check the address.",
            cause: what ?? words
        )
    }
}

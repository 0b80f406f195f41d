internal import BuildModel
internal import CCurl

extension Transfer {
    /// Points libcurl's callbacks at this transfer, which the loop keeps alive while the handle is in use.
    func connectCallbacks() throws(BuildFailure) {
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let raw = unsafe handle.raw
        try handle.check(
            unsafe slipway_curl_set_write_function(raw, CURLOPT_HEADERFUNCTION, headerCallback),
            "HEADERFUNCTION"
        )
        try handle.check(
            unsafe slipway_curl_set_write_function(raw, CURLOPT_WRITEFUNCTION, bodyCallback),
            "WRITEFUNCTION"
        )
        try handle.check(unsafe slipway_curl_set_read_function(raw, uploadCallback), "READFUNCTION")
        try handle.check(unsafe slipway_curl_set_seek_function(raw, seekCallback), "SEEKFUNCTION")
        try unsafe guardConnections(me)
        if permit != nil || checksAddresses {
            try handle.check(unsafe slipway_curl_set_prereq_function(raw, startCallback), "PREREQFUNCTION")
            try unsafe handle.set(CURLOPT_PREREQDATA, pointer: me)
        }
        for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA] {
            try unsafe handle.set(option, pointer: me)
        }
    }

    /// The connection stands and the request goes next: whether it still may.
    ///
    /// - Parameter address: the other side's.
    fileprivate func mayStart(at address: String) -> Bool {
        guard mayUse(address) else { return false }
        do {
            try permit?()
            return true
        } catch {
            failure = error
            return false
        }
    }

    fileprivate func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        guard unsafe head.take(line) else {
            failure = tooLarge("headers", ResponseHead.limit)
            return 0
        }
        return line.count
    }

    fileprivate func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch sink {
        case .memory(let limit):
            // What an error has to say is short; a page that is not ends it, and the status stays.
            guard head.status < 400 else { return unsafe keepErrorBody(bytes) }
            guard body.count + bytes.count <= limit else {
                failure = tooLarge("body", limit)
                return 0
            }
            unsafe body.append(contentsOf: bytes)
        case .stream(let write, let begin):
            guard (200...299).contains(head.status) else { return unsafe keepErrorBody(bytes) }
            do {
                if !hasBodyBegun { try begin(response) }
                hasBodyBegun = true
                try unsafe write(bytes.bytes)
            } catch {
                failure = error
                return 0
            }
        }
        return bytes.count
    }

    private func keepErrorBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = Self.errorBodyLimit - body.count
        unsafe body.append(contentsOf: bytes.prefix(room))
        isTruncated = bytes.count > room
        return isTruncated ? 0 : bytes.count
    }

    /// Fills the front of `buffer` with what is sent next: CURLOPT_READFUNCTION(3).
    ///
    /// - Returns: how many bytes it has, or one of libcurl's words for it.
    func sendBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        do {
            try permit?()
            guard isBodyReady else {
                try handle.setWatchful(false)
                restsUntil = ContinuousClock.now + request.limits.rest
                return Int(CURL_READFUNC_PAUSE)
            }
            // libcurl may ask again by itself: then nobody has woken the transfer.
            if restsUntil != nil { try endRest() }
            let count = try unsafe readBody(into: buffer)
            uploadOffset += Int64(count)
            if uploadOffset == request.bodySize, let reply = request.limits.reply { try handle.setPatience(reply) }
            return count
        } catch {
            failure = error
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// From here on a standstill counts again.
    func endRest() throws(BuildFailure) {
        restsUntil = nil
        try handle.setWatchful(true)
    }

    /// Whether the next bytes are there. Where somebody has to make them first, the transfer rests until they are: the loop's thread
    /// has others to serve.
    private var isBodyReady: Bool {
        guard case .content(let content) = request.body, uploadOffset < request.bodySize else { return true }
        return content.isReadable(at: uploadOffset) { [wake] in wake?() }
    }

    private func readBody(into buffer: UnsafeMutableRawBufferPointer) throws(BuildFailure) -> Int {
        let left = request.bodySize - uploadOffset
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(min(left, Int64(buffer.count)))))
        guard room.count > 0 else { return 0 }
        switch request.body {
        case .none: return 0
        case .bytes(let bytes):
            let start = Int(uploadOffset)
            unsafe room.copyBytes(from: bytes[start..<start + room.count])
            return room.count
        case .content(let content):
            let count = try unsafe content.read(at: uploadOffset, into: room)
            guard count > 0 else { throw endedEarly }
            return count
        }
    }

    fileprivate func seekBody(to offset: Int64) -> Bool {
        guard request.isRepeatable || uploadOffset == 0, (0...request.bodySize).contains(offset) else { return false }
        uploadOffset = offset
        if request.limits.reply != nil { try? handle.setPatience(request.limits.stall) }
        return true
    }

    private func tooLarge(_ part: String, _ limit: Int) -> BuildFailure {
        BuildFailure(
            .platform,
            .limitExceeded,
            operation: "http.\(request.method.rawValue.lowercased())",
            message:
                "The \(part) of the answer to \(request.method.rawValue) \(url.redacted) has more than \(limit) bytes."
        )
    }

    private var endedEarly: BuildFailure {
        BuildFailure(
            .platform,
            .corrupted,
            operation: "http.\(request.method.rawValue.lowercased())",
            message: "What is sent to \(url.redacted) ended after \(uploadOffset) of \(request.bodySize) bytes."
        )
    }
}

// libcurl's callbacks: C functions that find the transfer behind their last argument. They run on the loop's thread.

private func transfer(_ pointer: UnsafeMutableRawPointer?) -> Transfer? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue()
}

private func headerCallback(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    unsafe transfer(me)?.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func bodyCallback(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    unsafe transfer(me)?.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private func uploadCallback(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ me: UnsafeMutableRawPointer?
) -> Int {
    unsafe transfer(me)?.sendBody(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
        ?? Int(CURL_READFUNC_ABORT)
}

private func startCallback(
    _ me: UnsafeMutableRawPointer?,
    _ remoteAddress: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32,
    _ localPort: Int32
) -> Int32 {
    let address = unsafe remoteAddress.map { unsafe String(cString: $0) } ?? ""
    return unsafe transfer(me)?.mayStart(at: address) == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private func seekCallback(_ me: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    // libcurl only ever seeks from the start: CURLOPT_SEEKFUNCTION(3).
    let found = unsafe origin == 0 && transfer(me)?.seekBody(to: Int64(offset)) == true
    return Int32(found ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL)
}

internal import BuildModel
internal import BuildQueue
internal import Documents

/// The request of a leased build, as the worker reads it.
enum LeasedRequest {
    /// Reads the text that the queue has kept. The queue has read it before, to say whose the build is and what it waits for, by a parser of
    /// its own: the two must have read the same.
    ///
    /// - Throws: `BuildFailure` with code `invalid_request`.
    static func read(_ lease: Lease, log: any BuildLog) throws(BuildFailure) -> BuildRequest {
        let bytes = Array(lease.requestText.utf8)
        let json: JSONValue
        do {
            json = try JSONDocument.parse(bytes)
        } catch {
            throw invalid("The request is not valid JSON.", cause: error.cause)
        }
        if let name = JSONDocument.repeatedMember(in: bytes) {
            throw invalid("The request has the member '\(name.prefix(64))' twice in one object; send it once.")
        }
        let unknown = Set((json.object ?? [:]).keys).subtracting(BuildRequest.knownFields).sorted()
        if !unknown.isEmpty {
            log.say("Warning: unknown fields of the request are ignored: \(unknown.joined(separator: ", "))")
        }
        let request = try BuildRequest(json: json)
        guard request.deploymentID == lease.id else {
            throw invalid("The request is for build '\(request.deploymentID)', and the queue has it as '\(lease.id)'.")
        }
        return request
    }

    private static func invalid(_ message: String, cause: String? = nil) -> BuildFailure {
        BuildFailure(.code, .invalidRequest, operation: "request.parse", message: message, cause: cause)
    }
}

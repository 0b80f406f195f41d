import ArgumentParser
import BuildModel
import Documents
import Platform

/// A request as people write it, in a file or a pipe.
enum RequestFile {
    /// Far more than a request may have.
    private static let limit = 1 << 20

    /// Reads a request, without looking at what it asks for.
    ///
    /// - Parameter path: a file; `-` for standard input.
    /// - Throws: `BuildFailure` for what cannot be read or is no JSON; `ValidationError` for a member that is there twice, of which one would
    ///   be overlooked.
    static func read(_ path: String) throws -> JSONValue {
        let bytes = path == "-" ? try Files.readStandardInput(limit: limit) : try Files.read(path, limit: limit)
        let request = try JSONDocument.parse(bytes)
        if let name = JSONDocument.repeatedMember(in: bytes) {
            throw ValidationError("the request has the member '\(name)' twice in one object")
        }
        return request
    }
}

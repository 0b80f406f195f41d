internal import BuildModel
internal import Documents
internal import Platform

/// Reads what a credential helper printed: an `ExecCredential` with a status.
enum ExecAnswer {
    static func read(
        _ output: [UInt8],
        _ helper: ExecPlugin.Configuration
    ) throws(BuildFailure) -> ExecPlugin.Credential {
        guard let json = try? JSONDocument.parse(output), json["kind"]?.string == "ExecCredential",
            let status = json["status"]
        else { throw HelperProgram.failure(helper, "printed no ExecCredential with a status.") }
        guard json["apiVersion"]?.string == helper.apiVersion else {
            throw HelperProgram.failure(helper, "answered in another version than \(helper.apiVersion).")
        }
        var credential = ExecPlugin.Credential()
        if let token = status["token"]?.string, !token.isEmpty {
            guard token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw HelperProgram.failure(helper, "gave a token with characters that no token has.")
            }
            credential.token = Redacted(token)
        }
        if let certificate = status["clientCertificateData"]?.string, let key = status["clientKeyData"]?.string {
            credential.certificate = Array(certificate.utf8)
            credential.key = Redacted(Array(key.utf8))
        }
        guard credential.token != nil || credential.certificate != nil else {
            throw HelperProgram.failure(helper, "gave neither a token nor a certificate with its key.")
        }
        credential.expiration = status["expirationTimestamp"]?.string
        return credential
    }
}

internal import BuildModel
internal import Documents

/// What an API server says when it refuses: a `Status` object (API conventions, "Response Status Kind"), or plain text.
struct ClusterStatus {
    struct Cause: Hashable {
        var reason: String
        var message: String
        var field: String
    }

    /// The HTTP status.
    var code: Int
    /// Whether the body was a `Status`; proxies and overloaded servers answer with text.
    var isStatus: Bool
    /// A word such as `Conflict`; empty where the server gives none.
    var reason: String
    var message: String
    /// The kind of object that the refusal is about, such as `namespaces`.
    var kind: String
    var causes: [Cause]

    init(code: Int, body: [UInt8]) {
        self.code = code
        let json = try? JSONDocument.parse(body)
        isStatus = json?["kind"]?.string == "Status"
        reason = json?["reason"]?.string ?? ""
        message = PlainText.line(
            json?["message"]?.string ?? String(decoding: body.prefix(4096), as: UTF8.self),
            limit: 2000
        )
        kind = json?["details"]?["kind"]?.string ?? ""
        causes = (json?["details"]?["causes"]?.array ?? []).map { cause in
            Cause(
                reason: cause["reason"]?.string ?? "",
                message: cause["message"]?.string ?? "",
                field: cause["field"]?.string ?? ""
            )
        }
    }

    /// The managers whose fields a server-side apply would have taken.
    var conflicts: [Cause] { causes.filter { $0.reason == "FieldManagerConflict" } }
}

internal import BuildModel
internal import Documents

/// An `app.yaml` of App Engine. Its `entrypoint` is how the app starts, where neither the request nor files that are meant for Slipway or
/// for processes in general say it.
enum AppEngine {
    private static let fileName = "app.yaml"

    /// - Throws: `BuildFailure` with code `invalid_start_command`.
    static func start(_ view: TreeView) throws -> StartCommand? {
        guard try view.isFile(fileName), case .success(let root) = try view.document(fileName) else { return nil }
        // Others call their files so too; only App Engine's names a runtime.
        guard root["runtime"]?.string != nil, let text = root["entrypoint"]?.string?.trimmed, !text.isEmpty else {
            return nil
        }
        // A server that only App Engine has.
        guard !text.hasPrefix("serve ") else { return nil }
        return try StartCommand(text: text, source: "\(fileName): entrypoint")
    }
}

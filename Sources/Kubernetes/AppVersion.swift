internal import BuildModel
internal import Platform

/// A version of an app: a build, and what its pods are, since one build may be deployed again by hand with another image or other
/// variables.
struct AppVersion: Equatable {
    var build: String
    /// Stands for the pods' template as it was applied; nil where that is not known.
    var pods: String?

    init(build: String, pods: String? = nil) {
        self.build = build
        self.pods = pods
    }

    /// Reads `build@pods`, or a build alone. No id of a build has an `@`.
    init(_ text: some StringProtocol) {
        let parts = text.split(separator: "@", maxSplits: 1)
        build = parts.first.map { String($0) } ?? ""
        pods = parts.count > 1 ? String(parts[1]) : nil
    }

    /// The version that a build's manifest of a Deployment makes.
    init(build: String, manifest: JSONValue) {
        self.build = build
        let template = manifest["spec"]?["template"] ?? .null
        pods = String(Digest(of: template.canonicalText).hex.prefix(12))
    }

    var text: String { build + (pods.map { "@\($0)" } ?? "") }

    /// Whether they are the same, as far as is known of both.
    func matches(_ other: AppVersion) -> Bool {
        build == other.build && (pods == nil || other.pods == nil || pods == other.pods)
    }
}

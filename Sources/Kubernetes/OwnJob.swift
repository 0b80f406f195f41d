internal import BuildModel

/// A Job that was made, to be told from one of the same name that is made after it.
struct OwnJob: Sendable {
    var name: String
    private var uid: String?
    /// When it was made, by the cluster's clock: RFC 3339 in UTC.
    var createdAt: String

    init(_ job: JSONValue, _ name: String) {
        self.name = name
        uid = job["metadata"]?["uid"]?.string
        createdAt = job["metadata"]?["creationTimestamp"]?.string ?? ""
    }

    /// Whether an object is this very Job.
    func isSame(_ job: JSONValue) -> Bool { job["metadata"]?["uid"]?.string == uid }

    /// What its pods have, and those of no other Job.
    var labels: [String: String] { ["job-name": name].merging(uid.map { ["controller-uid": $0] } ?? [:]) { $1 } }
}

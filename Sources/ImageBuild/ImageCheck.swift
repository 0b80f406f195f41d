/// One thing that an image has to be, and whether it is.
package struct ImageCheck: Sendable, Hashable {
    /// A short stable name, such as `layer-digest`.
    package var name: String
    /// What was looked at: `manifest`, `config`, or a layer's digest.
    package var subject: String
    /// What is wrong; nil if nothing is.
    package var problem: String?

    package init(_ name: String, _ subject: String, problem: String? = nil) {
        self.name = name
        self.subject = subject
        self.problem = problem
    }
}

/// Checks as they come.
struct CheckList {
    private(set) var checks: [ImageCheck] = []
    let subject: String

    init(_ subject: String) { self.subject = subject }

    /// Adds a check that fails with `problem` unless `holds`.
    mutating func expect(_ holds: Bool, _ name: String, _ problem: @autoclosure () -> String) {
        checks.append(ImageCheck(name, subject, problem: holds ? nil : problem()))
    }
}

package import BuildModel
internal import Documents
internal import Platform

/// Plans that were made on this node, by all that determines them: a build that changes nothing parses no rule and reads no tree
/// to find out what to do. Beside each place's last plan is noted which files planning has read, so that a change of others makes
/// no new plan.
///
/// One file for each plan. Any number of processes may use the same directory, whose loss costs time and nothing else. What another
/// program has kept, be it an older or a newer Slipway, is never taken.
package struct PlanMemo: Sendable {
    private static let (maximumFiles, maximumBytes) = (256, 4 << 20)
    private static let checksumDigits = 64

    private let directory: String

    /// - Parameter directory: made at first use; holds nothing else.
    package init(directory: String) {
        self.directory = directory
    }

    /// What determines a plan.
    ///
    /// - Parameter tree: of the directory that is built.
    package static func key(tree: ObjectID, rules: Digest, _ options: PlanOptions) -> Digest {
        let parts = [SystemInformation.programIdentity, tree.hex, rules.hex, options.json.canonicalText]
        return Digest(of: parts.joined(separator: "\n"))
    }

    /// A plan that was kept; nil for one that was not, or is damaged.
    package func plan(for key: Digest) -> BuildPlan? {
        text(for: key).flatMap { StoredValue.value(BuildPlan.self, of: $0) }
    }

    /// Keeps a plan. Whatever goes wrong with that, the next build makes it again.
    package func keep(_ plan: BuildPlan, for key: Digest) {
        guard let text = try? StoredValue.bytes(of: plan), StoredValue.value(BuildPlan.self, of: text) == plan else {
            return
        }
        keep(text, for: key)
    }

    /// What was kept under a key; nil if nothing was, or what is there is damaged.
    func text(for key: Digest) -> [UInt8]? {
        let path = path(key)
        guard Files.exists(path), let bytes = try? Files.read(path, limit: Self.maximumBytes),
            bytes.count > Self.checksumDigits
        else { return nil }
        let text = Array(bytes.dropFirst(Self.checksumDigits))
        guard bytes.starts(with: Digest(of: text).hex.utf8) else { return nil }
        try? Files.touch(path)
        return text
    }

    func keep(_ text: [UInt8], for key: Digest) {
        guard (try? Directories.create(directory, mode: 0o700)) != nil else { return }
        try? Files.writeInOneStep(Array(Digest(of: text).hex.utf8), text, to: path(key))
        try? sweep()
    }

    /// Removes those that nobody asked for the longest.
    private func sweep() throws(BuildFailure) {
        let files = try Directories.files(in: directory)
        guard files.count > Self.maximumFiles else { return }
        for file in files.sorted(by: { $0.modified < $1.modified }).prefix(files.count - Self.maximumFiles) {
            try Files.remove("\(directory)/\(file.name)")
        }
    }

    private func path(_ key: Digest) -> String { "\(directory)/\(key.hex)" }
}

extension PlanOptions {
    /// All of it as JSON.
    var json: JSONValue {
        [
            "startCommand": startCommand.map { .string($0) } ?? .null,
            "buildCommand": buildCommand.map { .string($0) } ?? .null,
            "buildSecrets": .array(buildSecrets.map { .string($0) }),
            "stepLimits": stepLimits.json,
            "port": port.map { .integer(Int64($0)) } ?? .null,
            "environment": .object(environment.mapValues { .string($0) }),
            "secretVariables": .array(secretVariables.map { .string($0) }),
            "releaseCommand": releaseCommand.map { .string($0) } ?? .null,
            "pins": .object(pins.mapValues { .string($0) }),
            "lock": lock?.json ?? .null,
            "today": today.map { .string($0) } ?? .null,
            "workspaceApp": workspaceApp.map { .string($0.directory) } ?? .null,
            "procfileAbove": procfileAbove?.json ?? .null,
        ]
    }
}

extension Procfile {
    fileprivate var json: JSONValue {
        [
            "processes": .object(processes.mapValues { .string($0.command) }),
            "warnings": .array(warnings.map { .string($0) }),
        ]
    }
}

import BuildModel
import Glibc
import Platform
import TestSupport

/// A step that changes the files of `/model` at random, run as `slipway-step` runs it, by root or by a user with subordinate ids.
struct ModelStep {
    let scratch: Scratch
    private let seed: Int
    private let user: OrdinaryUser?
    /// Files of the upper directory by their paths, once the step was run.
    private var changed: [String: String] = [:]

    private var lower: String { scratch("lower") }
    /// Beside what a step has an owner for, its last but one.
    private static let owner = "65533"

    init(seed: Int, isRoot: Bool) throws {
        scratch = try Scratch(in: "/var/tmp")
        self.seed = seed
        user = isRoot ? nil : try OrdinaryUser(in: scratch)
        for directory in ["lower/model", "base", "scratch"] { try Directories.create(scratch(directory)) }
        try user?.own("run")
        guard user != nil else { return }
        for directory in ["lower", "lower/model", "base"] {
            chown(scratch(directory), OrdinaryUser.subordinate, OrdinaryUser.subordinate)
        }
    }

    /// Makes what the step stands on, with ids as the step's lower directories have them.
    ///
    /// - Returns: the path of it as a layer.
    func makeBase() async throws -> String {
        try await asRoot(["python3", "-c", RandomChanges.program, "\(seed)", "base", Self.owner], in: "\(lower)/model")
        let tar = scratch("base/base.tar")
        let words = ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--format=pax", "--sort=name"]
        try await asRoot(words + ["-cf", tar, "."], in: lower)
        return tar
    }

    /// Runs the step.
    ///
    /// - Returns: what the step saw of its files in the end, but for hard links, and the path of what it left, as a layer.
    mutating func run() async throws -> (seen: [String], layer: String) {
        let layer = user.map { "\($0.home)/layer" } ?? scratch("layer")
        let result = try await result(layer)
        guard result.succeeded else { throw CommandFailed(description: "\(result.text)\(result.errorText)") }
        let tar = scratch("step.tar")
        try await Command.output(["sh", "-c", #"gzip -dc <"$0" >"$1""#, layer, tar])
        changed = Self.numbers(String(decoding: try Files.read("\(layer).files"), as: UTF8.self).split(separator: "\n"))
        let words = "step: "
        let lines = result.lines.filter { $0.hasPrefix("\(words)./") || $0.hasPrefix("\(words). ") }
        return (lines.map { String($0.dropFirst(words.count)) }, tar)
    }

    /// Which of some names below `/model` are one file on disk.
    func links(among names: some Sequence<String>) async throws -> Set<Set<String>> {
        let lower = try await Self.files(below: lower)
        return Self.links(names.map { ($0, changed[$0].map { "upper \($0)" } ?? lower[$0] ?? "") })
    }

    /// Files below `/model` of a root by their paths.
    static func files(below root: String) async throws -> [String: String] {
        let words = ["find", "model", "!", "-type", "d", "-printf", "%i /%p\\n"]
        return numbers(try await Command.output(words, in: root).lines)
    }

    static func links(_ files: some Sequence<(String, String)>) -> Set<Set<String>> {
        Set(Dictionary(grouping: files, by: \.1).values.map { Set($0.map(\.0)) }.filter { $0.count > 1 })
    }

    /// Of lines with a number and a path.
    private static func numbers(_ lines: [some StringProtocol]) -> [String: String] {
        let pairs = lines.compactMap { line in
            line.firstIndex(of: " ").map { (String(line[line.index(after: $0)...]), String(line[..<$0])) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private func result(_ layer: String) async throws -> CommandResult {
        guard let user else {
            let order = order(scratch("scratch"), SlipwayProgram.path, layer)
            return try await Command.result([SlipwayProgram.path + "-step", order.canonicalText])
        }
        let programs = SlipwayProgram.path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let view = try user.view(programs, as: "programs")
        let words = ["\(view.to)/slipway-step", order(user.home, "\(view.to)/slipway", layer).canonicalText]
        return try await user.result(words, views: [view])
    }

    /// The step's root is what the test made, and this node's own programs.
    private func order(_ scratch: String, _ program: String, _ layer: String) -> JSONValue {
        let script = #"cd /model && python3 -c "$1" "$3" step "$4" && exec python3 -c "$2" . "" "#
        let words = ["sh", "-c", script, "sh", RandomChanges.program, TreeListing.program, "\(seed)", Self.owner]
        let firstID = user == nil ? JSONValue.integer(0x6900_0000 + Int64(seed) << 20) : nil
        let order: [String: JSONValue?] = [
            "lowers": [.string(lower), "/usr"], "scratch": .string(scratch),
            "runtimeDirectory": .string(self.scratch("run")), "helper": .string("\(program)-sandbox"),
            "groupName": .string("slipway-test-model-\(getpid())-\(seed)"), "idStart": firstID,
            // It changes owners.
            "kind": "system", "command": .array(words.map { .string($0) }),
            // Where its library is: it looks for `usr` otherwise.
            "environment": ["PYTHONHOME": "/"], "outputs": ["/model"], "layer": .string(layer),
        ]
        return .object(order.compactMapValues { $0 })
    }

    /// Runs a program as root: of the user's subordinate ids where it is for the user's step.
    private func asRoot(_ words: [String], in directory: String) async throws {
        let entering = ["sh", "-c", Self.entering, "sh", "\(OrdinaryUser.subordinate)"]
        try await Command.output((user == nil ? [] : entering) + words, in: directory)
    }

    private static let entering = """
        first=$1; shift
        unshare --user sleep 600 & holder=$!
        trap 'kill $holder' EXIT
        while [ "$(readlink /proc/$holder/ns/user)" = "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
        for map in uid_map gid_map; do echo "0 $first 65536" >/proc/$holder/$map; done
        nsenter --user --target $holder --setuid 0 --setgid 0 "$@"
        """
}

import BuildModel
import Platform
import TestSupport

/// A step that a user with subordinate ids runs.
struct UserStep {
    let user: OrdinaryUser
    let words: [String]
    let views: [OrdinaryUser.View]

    init(
        _ script: String,
        in sandbox: TestSandbox,
        options: [String: JSONValue] = [:],
        groups: DelegatedGroups? = nil
    ) async throws {
        var user = try OrdinaryUser(in: sandbox.scratch)
        user.group = groups?.entrance
        try user.own("run")
        let programs = SlipwayProgram.path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let view = try user.view(programs, as: "programs")
        let ids = OrdinaryUser.subordinate
        try await Command.output(["chown", "-hR", "\(ids):\(ids)", sandbox.root])
        var step = StepProcess(sandbox: sandbox, command: ["sh", "-c", script])
        step.options = [
            "scratch": .string(user.home), "helper": .string("\(view.to)/slipway-sandbox"), "idStart": nil,
        ].merging(options) { $1 }
        self.user = user
        words = ["\(view.to)/slipway-step"] + step.words.dropFirst()
        views = [view]
    }

    /// Starts it in a process of its own.
    func start(log: String) async throws -> ServerProcess { try await user.start(words, views: views, log: log) }
}

internal import BuildModel
internal import Platform

/// What of an image is in the way where something has to be mounted: no node can run such a step.
struct StepObstacle {
    /// In the image.
    var path: String
    var isDirectory: Bool

    /// Looks at all that mounts need. A link is none: it is followed, or the runtime says why not.
    ///
    /// - Parameter stubs: as the helper is told them: `d` or `f` and a path.
    static func first(of stubs: [String], in image: OverlayView) throws(BuildFailure) -> StepObstacle? {
        for stub in stubs {
            let names = SandboxPath.names(String(stub.dropFirst()))
            for count in 1...max(1, names.count) {
                guard let place = try image.place(at: names.prefix(count)) else { break }
                let isDirectory = place.status.kind == .directory
                let wantsDirectory = count < names.count || stub.utf8.first == UInt8(ascii: "d")
                if place.status.kind == .symbolicLink { break }
                guard isDirectory != wantsDirectory else { continue }
                let path = names.prefix(count).map { "/" + String(decoding: $0, as: UTF8.self) }.joined()
                return StepObstacle(path: path, isDirectory: isDirectory)
            }
        }
        return nil
    }

    func failure(of step: BuildStep, cause: BuildFailure) -> BuildFailure {
        BuildFailure(
            .code,
            BuildFailure.Code(rawValue: "invalid_plan"),
            operation: "sandbox.run",
            message: "Step '\(step.name)' cannot be started: \(step.image), or an earlier step, has a "
                + "\(isDirectory ? "directory" : "file") at '\(path)', where its sandbox needs a "
                + "\(isDirectory ? "file" : "directory"). Look at its caches, its directory and its image.",
            cause: cause.cause
        )
    }
}

extension StepLaunch {
    /// The plan's or the image's failure where something is in the way of a step that never started, else the one that is given.
    func explained(_ failure: BuildFailure) -> BuildFailure {
        guard failure.code == .sandboxUnavailable, let image = try? StepFiles.view(of: step.lowers),
            let obstacle = try? StepObstacle.first(of: stubs, in: image)
        else { return failure }
        return obstacle.failure(of: step.step, cause: failure)
    }
}

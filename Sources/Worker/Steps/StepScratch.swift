internal import BuildModel
internal import Platform

/// The directory of one step that runs. However its process ends, whoever starts next finds it by its lock and removes it.
final class StepScratch: Sendable {
    private static let prefix = "run-"

    let path: String
    /// What the step sees of the source.
    var inputs: String { "\(path)/inputs" }
    /// What the sandbox works in.
    var work: String { "\(path)/work" }
    /// Names the step among those that run on this node.
    let identifier: String
    private let lock: FileLock
    private let lockPath: String

    init(in directory: String) throws(BuildFailure) {
        path = try ScratchDirectories.create(in: directory, prefix: Self.prefix)
        lockPath = "\(path).lock"
        guard let lock = try FileLock.attempt(lockPath, .exclusive) else {
            throw .system(errno: 0, operation: "steps.scratch", message: "Cannot lock '\(path)'.")
        }
        self.lock = lock
        identifier = String(path.split(separator: "/").last ?? "step")
        try Directories.setMode(path, 0o711)
        try Directories.create("\(path)/inputs")
        try Directories.create("\(path)/work")
    }

    func remove() {
        ScratchDirectories.remove(path)
        try? lock.removeFile()
    }

    /// Removes what processes that are gone left.
    static func sweep(_ directory: String) throws(BuildFailure) {
        for name in try Directories.list(directory) where name.hasPrefix(prefix) && !name.hasSuffix(".lock") {
            guard let lock = try FileLock.attempt("\(directory)/\(name).lock", .exclusive) else { continue }
            try Directories.remove("\(directory)/\(name)")
            try lock.removeFile()
        }
    }
}

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

    init(in directory: String) throws(BuildFailure) {
        (identifier, lock) = try Self.choose(in: directory)
        path = "\(directory)/\(identifier)"
        try ScratchDirectories.create(at: path)
        try Directories.setMode(path, 0o711)
        try Directories.create("\(path)/inputs")
        try Directories.create("\(path)/work")
    }

    /// A name that nobody has. Its lock is there before its directory, which somebody who sweeps would take otherwise.
    private static func choose(in directory: String) throws(BuildFailure) -> (name: String, lock: FileLock) {
        while true {
            let name = prefix + String(UInt64.random(in: 0 ... .max), radix: 36)
            guard !Files.exists("\(directory)/\(name)") else { continue }
            if let lock = try FileLock.attempt("\(directory)/\(name).lock", .exclusive) { return (name, lock) }
        }
    }

    func remove() {
        ScratchDirectories.remove(path)
        try? lock.removeFile()
    }

    /// Removes what processes that are gone left.
    static func sweep(_ directory: String) throws(BuildFailure) {
        let names = try Directories.list(directory).filter { $0.hasPrefix(prefix) }
        for name in Set(names.map { $0.hasSuffix(".lock") ? String($0.dropLast(5)) : $0 }) {
            guard let lock = try FileLock.attempt("\(directory)/\(name).lock", .exclusive) else { continue }
            try Directories.remove("\(directory)/\(name)")
            try lock.removeFile()
        }
    }
}

internal import BuildModel
internal import CSandbox
internal import Glibc
internal import Platform

/// A file system that takes what one step writes, mounted nowhere yet. It is gone with the last descriptor and mount of it, however
/// this process ends.
final class StepDisk: Sendable {
    let descriptor: Int32

    /// Copies an empty file system, which waits for the kernel: no call for the cooperative pool.
    ///
    /// - Parameter blank: the path of a file with an empty file system; the copy is in the same directory, without a name.
    init(copying blank: String, in directory: String) throws(BuildFailure) {
        let source = unsafe open(blank, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            throw .system(errno: errno, operation: "sandbox.disk", message: "Cannot open '\(blank)'.")
        }
        defer { close(source) }
        var what: UnsafePointer<CChar>?
        let result = unsafe slipway_make_disk(source, directory, &what)
        guard result >= 0 else {
            let words = unsafe what.map { unsafe String(cString: $0) } ?? "make a file system"
            throw .system(errno: -result, operation: "sandbox.disk", message: "The disk of a step: cannot \(words).")
        }
        descriptor = result
    }

    deinit { close(descriptor) }
}

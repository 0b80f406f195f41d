internal import Glibc

/// The names in a directory as they are read, without `.` and `..`. Whoever goes through them may remove what was read.
@safe
package final class DirectoryNames: Sequence, IteratorProtocol {
    private let stream: OpaquePointer

    /// Takes over a stream of opendir(3).
    init(_ stream: OpaquePointer) {
        unsafe self.stream = stream
    }

    deinit { unsafe closedir(stream) }

    package func next() -> [UInt8]? {
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe Array(bytes.prefix { $0 != 0 })
            }
            if name != Self.current && name != Self.parent { return name }
        }
        return nil
    }

    private static let current = Array(".".utf8)
    private static let parent = Array("..".utf8)
}

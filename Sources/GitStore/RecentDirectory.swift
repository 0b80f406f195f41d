internal import Glibc
internal import Platform

/// The directory below a root that was asked for last, kept open. Closed with this object.
final class RecentDirectory {
    private var parts: ArraySlice<Substring> = []
    private var descriptor: Int32 = -1

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Borrows a descriptor of the directory, reached without following a link below the root; nil if there is none.
    ///
    /// - Parameter parts: names on the way, none of which leads up.
    func descriptor(of parts: ArraySlice<Substring>, in root: BytePath) -> Int32? {
        if descriptor >= 0, parts == self.parts { return descriptor }
        if descriptor >= 0 { close(descriptor) }
        descriptor = unsafe open(root.characters, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for part in parts where descriptor >= 0 {
            let next = unsafe openat(descriptor, String(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            close(descriptor)
            descriptor = next
        }
        self.parts = parts
        return descriptor >= 0 ? descriptor : nil
    }
}

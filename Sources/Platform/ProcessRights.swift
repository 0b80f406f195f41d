internal import Glibc

/// Whose rights this process has.
package enum ProcessRights: Sendable, Hashable {
    /// Root of the system.
    case root
    /// Root of a user namespace: user_namespaces(7). `ids` are those that it can give away, from 0 on.
    case ownNamespace(ids: UInt32)
    /// A user like any other.
    case user

    /// Those of this process. They never change while it runs.
    package static let current: ProcessRights = {
        guard geteuid() == 0 else { return .user }
        let map = (try? Files.read(kernelFile: "/proc/self/uid_map")) ?? []
        return ofRoot(map: String(decoding: map, as: UTF8.self))
    }()

    /// - Parameter map: lines of "inside outside count"; without any, there are no namespaces.
    static func ofRoot(map: String) -> ProcessRights {
        var ranges: [[UInt32]] = []
        for line in map.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            if numbers.count == 3 { ranges.append(numbers) }
        }
        ranges.sort { $0[0] < $1[0] }
        if ranges.isEmpty || ranges == [[0, 0, .max]] { return .root }
        var ids: UInt32 = 0
        for range in ranges where range[0] == ids { ids += min(range[2], .max - ids) }
        return .ownNamespace(ids: ids)
    }

    /// The owner, on the node's disk, of files that belong to root in a build step. Root of the system maps ids when it mounts;
    /// others cannot, so that id 0 of their namespace, which is the worker's own, is left out.
    package var stepFileOwner: UInt32 { self == .root ? 0 : 1 }
}

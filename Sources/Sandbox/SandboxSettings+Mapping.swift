internal import BuildModel
internal import CSandbox
internal import Glibc
internal import Platform

/// Whose ids files of layers, caches and sources have on disk. Root maps ids when it mounts such files, where the kernel and the file
/// system can; elsewhere files have the very ids of steps, and all steps the same ones.
extension SandboxSettings {
    /// The owner on this node's disk of what belongs to root in a step.
    package var fileOwner: UInt32 { mapsIDs ? ProcessRights.current.stepFileOwner : rootRange.start }

    /// The ids that root gives to steps.
    var rootRange: IdentityRange { identities ?? SubordinateIDs.ofThisUser() ?? SubordinateIDs.unassigned }

    /// Finds out, as root, whether ids can be mapped in a directory, and notes it: mount_setattr(2), `MOUNT_ATTR_IDMAP`. Takes
    /// milliseconds where the file system is none of those that are known for it. What cannot be found out is a step's to find.
    ///
    /// - Parameter directory: an existing one, that layers, caches and sources will be in.
    package mutating func noteMapping(in directory: String) {
        guard SystemInformation.isRoot, !Self.isKnownToMap(directory),
            let helper = try? SandboxNode.findHelper(self)
        else { return }
        mapsIDs = Self.status(of: helper, in: directory, base: rootRange.start) != Self.cannotMap
    }

    /// How `slipway-sandbox check` ends where all is there but that: enter.c.
    static let cannotMap: Int32 = 3

    /// Overlays of mounts with mapped ids came after all of these file systems: Linux 5.19.
    private static func isKnownToMap(_ directory: String) -> Bool {
        let (ext4, xfs, btrfs) = (0xEF53, 0x5846_5342, 0x9123_683E)
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return false }
        let release = unsafe withUnsafeBytes(of: &name.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return unsafe [ext4, xfs, btrfs].contains(slipway_file_system(directory)) && isRecent(release)
    }

    /// - Parameter release: such as `6.1.0-18-amd64`.
    static func isRecent(_ release: String) -> Bool {
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 19)
    }

    private static func status(of helper: String, in directory: String, base: UInt32) -> Int32? {
        guard let place = try? ScratchDirectories.create(in: directory, prefix: "check-") else { return nil }
        defer { ScratchDirectories.remove(place) }
        for name in checked { try? Directories.create("\(place)/\(name)") }
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        let words = [helper, "check", place, "\(base)"]
        guard let process = try? HelperProcess.spawn(words, [(nothing, 1), (nothing, 2)]) else { return nil }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : nil
    }

    /// The directories that the helper wants in the one that it tries.
    static let checked = ["lower/gone", "upper", "work", "merged"]
}

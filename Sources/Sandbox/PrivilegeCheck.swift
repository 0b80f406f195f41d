internal import BuildModel
internal import Glibc
internal import Platform
internal import Subprocess
internal import SystemPackage

/// What the worker's user may do: all of it as root, or what gives it a user namespace of its own.
struct PrivilegeCheck: HealthCheck {
    let name = "sandbox.privileges"
    let settings: SandboxSettings

    func verdict() async throws -> HealthVerdict {
        switch ProcessRights.current {
        case .root: try await asRoot()
        case .ownNamespace: try await inNamespace()
        case .user: asUser()
        }
    }

    /// Bits of capabilities(7).
    private static let needed: [(name: String, bit: UInt64)] = [
        ("CAP_CHOWN", 0), ("CAP_DAC_OVERRIDE", 1), ("CAP_FOWNER", 3), ("CAP_FSETID", 4), ("CAP_KILL", 5),
        ("CAP_SETGID", 6), ("CAP_SETUID", 7), ("CAP_SETPCAP", 8), ("CAP_NET_ADMIN", 12), ("CAP_SYS_CHROOT", 18),
        ("CAP_SYS_ADMIN", 21), ("CAP_SETFCAP", 31),
    ]

    private func asRoot() async throws -> HealthVerdict {
        let held = UInt64(Self.field("CapEff") ?? "", radix: 16) ?? 0
        let missing = Self.needed.filter { held & (1 << $0.bit) == 0 }.map(\.name)
        guard missing.isEmpty else {
            return .warning("This process lacks \(missing.joined(separator: ", ")).", remedy: SandboxChecks.consequence)
        }
        guard Files.exists("/dev/loop-control") else {
            return .warning(
                "There is no /dev/loop-control, which a step's disk needs.",
                remedy: SandboxChecks.consequence
            )
        }
        guard ["/usr/sbin", "/sbin"].contains(where: { Files.exists("\($0)/mkfs.ext4") }) else {
            return .warning("mkfs.ext4 is not installed, which makes a step's disk.", remedy: "Install e2fsprogs.")
        }
        if let trouble = try await overlayTrouble(base: "\(settings.rootRange.start)") {
            guard trouble.status == SandboxSettings.cannotMap else {
                return .warning(
                    "A step's files cannot be made ready: \(trouble.words).",
                    remedy: SandboxChecks.consequence
                )
            }
            return .warning(
                "Steps run with the same ids, all of them, which their images' files have on disk: \(trouble.words).",
                remedy: "For ids of their own it takes Linux 5.19 or later, and a file system at "
                    + "\(settings.cacheDirectory) that maps ids, such as ext4, XFS or Btrfs."
            )
        }
        return .ok("The worker is root: steps get ids, disks and limits of their own.")
    }

    private func inNamespace() async throws -> HealthVerdict {
        if let trouble = try await overlayTrouble(base: "") {
            return .warning(
                "A step's files cannot be made ready in a user namespace: \(trouble.words).",
                remedy: "It takes Linux 5.11 or later, and a file system with user attributes at "
                    + "\(settings.cacheDirectory). \(SandboxChecks.consequence)"
            )
        }
        return .ok("The worker is root of a user namespace of its own; what steps write is measured every second.")
    }

    /// Tries what a step's files need: the kernel may have no overlays for it, or the disk no attributes.
    ///
    /// - Parameter base: the id that root of a step would have; empty where ids are not mapped.
    /// - Returns: what does not work, in the helper's words and by its status; nil if all does, or there is no helper to ask.
    private func overlayTrouble(base: String) async throws -> (words: String, status: Int32)? {
        guard let helper = try? SandboxNode.findHelper(settings) else { return nil }
        try Directories.create(settings.cacheDirectory, mode: 0o700)
        let place = try ScratchDirectories.create(in: settings.cacheDirectory, prefix: "check-")
        defer { ScratchDirectories.remove(place) }
        for directory in SandboxSettings.checked { try Directories.create("\(place)/\(directory)") }
        let result = try await Subprocess.run(
            .path(FilePath(helper)),
            arguments: ["check", place, base],
            input: .none,
            output: .string(limit: 4096),
            error: .discarded
        )
        guard case .exited(let status) = result.terminationStatus else { return ("the helper was ended", 1) }
        if status == 0 { return nil }
        return (result.standardOutput.split(separator: "\n").first.map(String.init) ?? "the helper fails", status)
    }

    private func asUser() -> HealthVerdict {
        if let kernel = Self.kernelRefusal() { return kernel }
        guard ["newuidmap", "newgidmap"].allSatisfy({ Files.exists("/usr/bin/\($0)") }) else {
            return .warning(
                "newuidmap and newgidmap are not installed.",
                remedy: "Install uidmap. \(SandboxChecks.consequence)"
            )
        }
        guard Self.field("NoNewPrivs") != "1" else {
            return .warning(
                "This process may not gain privileges, which newuidmap needs.",
                remedy: "Take NoNewPrivileges= out of the unit. \(SandboxChecks.consequence)"
            )
        }
        return .warning(SandboxNode.missing(), remedy: SandboxChecks.consequence)
    }

    /// Switches with which a system keeps its users from making namespaces.
    private static let switches: [(path: String, isOff: @Sendable (Int) -> Bool)] = [
        ("user/max_user_namespaces", { $0 == 0 }), ("kernel/unprivileged_userns_clone", { $0 == 0 }),
        ("kernel/apparmor_restrict_unprivileged_userns", { $0 != 0 }),
    ]

    private static func kernelRefusal() -> HealthVerdict? {
        for (path, isOff) in switches {
            let text = ProcFile.text("/proc/sys/\(path)")?.split(separator: "\n").first
            guard let value = text.flatMap({ Int($0) }), isOff(value) else { continue }
            return .warning(
                "This system keeps its users from making user namespaces: \(path) is \(value).",
                remedy: "Let root set it by sysctl. \(SandboxChecks.consequence)"
            )
        }
        return nil
    }

    private static func field(_ name: String) -> String? {
        let lines = (ProcFile.text("/proc/self/status") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix("\(name):") }?.split(separator: "\t").last.map(String.init)
    }
}

package import BuildModel
internal import Glibc
internal import Platform

/// What `slipway doctor` asks about the sandbox. A node without it still builds what has no steps, so that nothing here keeps a
/// worker from starting.
package enum SandboxChecks {
    /// Every check of this module.
    package static func all(_ settings: SandboxSettings) -> [any HealthCheck] {
        [
            RuntimeCheck(settings: settings), IdentityCheck(settings: settings), GroupCheck(settings: settings),
            PrivilegeCheck(), LeftoverCheck(settings: settings),
        ]
    }

    static let consequence = "Until then, builds with steps fail on this node."
}

/// A runtime and our own helper have to be installed.
struct RuntimeCheck: HealthCheck {
    let name = "sandbox.runtime"
    let settings: SandboxSettings

    func verdict() -> HealthVerdict {
        do {
            let runtime = try SandboxNode.findRuntime(settings)
            let helper = try SandboxNode.findHelper(settings)
            return .ok("Steps run in \(runtime), held by \(helper).")
        } catch {
            return .warning(error.message, remedy: SandboxChecks.consequence)
        }
    }
}

/// Ids that belong to nobody else.
struct IdentityCheck: HealthCheck {
    let name = "sandbox.identities"
    let settings: SandboxSettings

    func verdict() -> HealthVerdict {
        do {
            let range = try SandboxNode.identities(settings, isRoot: SystemIdentity.isRoot)
            let steps = range.count / IdentityRanges.width
            return .ok("Ids from \(range.start) are for steps, enough for \(steps) at once.")
        } catch {
            return .warning(error.message, remedy: SandboxChecks.consequence)
        }
    }
}

/// Limits on memory, processes and processors.
struct GroupCheck: HealthCheck {
    let name = "sandbox.limits"
    let settings: SandboxSettings

    func verdict() -> HealthVerdict {
        do {
            switch try ControlGroups.find(name: settings.groupName).hierarchy {
            case .controllers: return .ok("Control groups, version 1, limit memory, processes and processors.")
            case .unified(let parent): return .ok("Control groups, version 2, limit steps below \(parent).")
            }
        } catch {
            let isRoot = SystemIdentity.isRoot
            let consequence = isRoot ? SandboxChecks.consequence : "Until then, steps run without these limits."
            return .warning(error.message, remedy: consequence)
        }
    }
}

/// What the worker's user may do: all of it as root, or the programs that give it ids of its own.
struct PrivilegeCheck: HealthCheck {
    let name = "sandbox.privileges"

    func verdict() -> HealthVerdict {
        SystemIdentity.isRoot ? asRoot() : asUser()
    }

    /// Bits of capabilities(7).
    private static let needed: [(name: String, bit: UInt64)] = [
        ("CAP_CHOWN", 0), ("CAP_DAC_OVERRIDE", 1), ("CAP_FOWNER", 3), ("CAP_KILL", 5), ("CAP_SETGID", 6),
        ("CAP_SETUID", 7), ("CAP_NET_ADMIN", 12), ("CAP_SYS_CHROOT", 18), ("CAP_SYS_ADMIN", 21),
    ]

    private func asRoot() -> HealthVerdict {
        let held = UInt64(field("CapEff") ?? "", radix: 16) ?? 0
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
        return .ok("The worker is root: steps get ids, disks and limits of their own.")
    }

    private func asUser() -> HealthVerdict {
        guard ["newuidmap", "newgidmap"].allSatisfy({ Files.exists("/usr/bin/\($0)") }) else {
            return .warning("newuidmap and newgidmap are not installed.", remedy: "Install uidmap.")
        }
        guard field("NoNewPrivs") != "1" else {
            return .warning(
                "This process may not gain privileges, which newuidmap needs.",
                remedy: "Take NoNewPrivileges= out of the unit. " + SandboxChecks.consequence
            )
        }
        return .ok(
            "The worker is no root: steps have its subordinate ids, and what they write is measured every second."
        )
    }

    private func field(_ name: String) -> String? {
        let lines = (ProcFile.text("/proc/self/status") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix("\(name):") }?.split(separator: "\t").last.map(String.init)
    }
}

/// What workers that were killed left here.
struct LeftoverCheck: HealthCheck {
    let name = "sandbox.leftovers"
    let settings: SandboxSettings

    func verdict() -> HealthVerdict {
        let left = SandboxRunner(settings: settings).leftovers()
        guard !left.isEmpty else { return .ok("Nothing is left of steps that no longer run.") }
        return .warning(
            "\(left.count) steps of workers that were killed left control groups.",
            remedy: "The next worker that starts here removes them."
        )
    }
}

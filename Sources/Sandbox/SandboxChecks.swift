package import BuildModel
internal import Platform

/// What `slipway doctor` asks about the sandbox. A node without it still builds what has no steps, so that nothing here keeps a
/// worker from starting.
package enum SandboxChecks {
    /// Every check of this module.
    ///
    /// - Parameter slots: how many steps this node may have to run at once.
    package static func all(_ settings: SandboxSettings, slots: Int) -> [any HealthCheck] {
        [
            RuntimeCheck(settings: settings), IdentityCheck(settings: settings, slots: slots),
            GroupCheck(settings: settings),
            PrivilegeCheck(settings: settings), EgressCheck(settings: settings), LeftoverCheck(settings: settings),
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
    let slots: Int

    func verdict() -> HealthVerdict {
        do {
            let ranges = try SandboxNode.ranges(settings)
            if ranges.isShared { return .ok("Steps have this user's subordinate ids, all of them the same.") }
            let words = "Ids from \(ranges.range.start) are for steps, enough for \(ranges.count) at once"
            guard ranges.count < slots else { return .ok("\(words).") }
            return .warning(
                "\(words), and the worker has \(slots) slots: steps wait for one another.",
                remedy: "Give this user more in /etc/subuid and /etc/subgid, 65536 for each slot, or name them in "
                    + "sandbox.subordinateIDs."
            )
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
            let isRoot = SystemInformation.isRoot
            let consequence = isRoot ? SandboxChecks.consequence : "Until then, steps run without these limits."
            return .warning(error.message, remedy: consequence)
        }
    }
}

/// What steps with a network reach, so that nobody takes the default for a list of hosts.
struct EgressCheck: HealthCheck {
    let name = "sandbox.egress"
    let settings: SandboxSettings

    func verdict() -> HealthVerdict {
        let hosts = settings.allowedHosts
        guard !hosts.isEmpty else { return .ok("Steps with a network reach what their rules name.") }
        let words = "Steps with a network reach what their rules name, and \(hosts.joined(separator: ", "))"
        guard hosts.contains(where: { $0.hasPrefix("*:") }) else { return .ok("\(words).") }
        return .ok(
            "\(words): all of the internet. Name the hosts of your package indexes in steps.hosts to narrow that."
        )
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

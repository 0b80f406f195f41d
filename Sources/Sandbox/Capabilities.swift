internal import BuildModel

/// What root of a step may do beyond owning its files: nothing, unless it installs packages of the operating system.
struct Capabilities {
    let names: [String]

    init(of kind: BuildStep.Kind) {
        names = kind == .system ? Self.packageManager : []
    }

    /// What dpkg and maintainer scripts need: owners, modes and users of files; apt's change to its own user; file capabilities.
    private static let packageManager = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETFCAP", "CAP_SETGID",
        "CAP_SETPCAP", "CAP_SETUID",
    ]

    var json: JSONValue {
        let held = JSONValue.array(names.map { .string($0) })
        return ["bounding": held, "effective": held, "permitted": held, "inheritable": [], "ambient": []]
    }
}

internal import BuildModel

/// Which system calls a step may make: a list of what is allowed, in the form of the OCI runtime specification (config-linux.md, Seccomp).
/// A rule without conditions swallows those with, so `clone`, `unshare`, `socket` and `personality` are not in the list; and
/// `clone3`, whose flags no filter can see, is not there at all: the C library then uses `clone`.
enum SystemCallFilter {
    /// Every CLONE_NEW… flag: new namespaces are where most of the kernel's holes were.
    private static let namespaceFlags: Int64 = 0x7E02_0000
    /// CLONE_NEWTIME, which is a part of the signal's number for `clone`.
    private static let timeNamespace: Int64 = 0x80
    private static let notPermitted: Int64 = 1
    private static let notThere: Int64 = 38

    /// Programs of other architectures do not run: their calls have other numbers.
    #if arch(arm64)
    private static let architecture = "SCMP_ARCH_AARCH64"
    #else
    private static let architecture = "SCMP_ARCH_X86_64"
    #endif

    static let json: JSONValue = [
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": .integer(notThere),
        "architectures": [.string(architecture)],
        "syscalls": .array([allow(allowed)] + conditional + [refused]),
    ]

    private static var refused: JSONValue {
        [
            "names": .array(forbidden.map { .string($0) }), "action": "SCMP_ACT_ERRNO",
            "errnoRet": .integer(notPermitted),
        ]
    }

    private static var conditional: [JSONValue] {
        let noNamespaces = argument(0, "SCMP_CMP_MASKED_EQ", namespaceFlags, 0)
        let noneAtAll = argument(0, "SCMP_CMP_MASKED_EQ", namespaceFlags | timeNamespace, 0)
        let families: [Int64] = [1, 2, 10]  // AF_UNIX, AF_INET, AF_INET6
        // NETLINK_ROUTE: the C library asks it for the addresses of interfaces.
        let netlink = [argument(0, "SCMP_CMP_EQ", 16), argument(2, "SCMP_CMP_EQ", 0)]
        // PER_LINUX, PER_LINUX32, and what asks without changing.
        let personalities: [Int64] = [0, 8, 0xFFFF_FFFF]
        return [allow(["clone"], [noNamespaces]), allow(["unshare"], [noneAtAll]), allow(["socket"], netlink)]
            + families.map { allow(["socket"], [argument(0, "SCMP_CMP_EQ", $0)]) }
            + personalities.map { allow(["personality"], [argument(0, "SCMP_CMP_EQ", $0)]) }
    }

    private static func allow(_ names: [String], _ arguments: [JSONValue] = []) -> JSONValue {
        [
            "names": .array(names.map { .string($0) }), "action": "SCMP_ACT_ALLOW", "args": .array(arguments),
        ]
    }

    private static func argument(_ index: Int64, _ comparison: String, _ value: Int64, _ second: Int64 = 0) -> JSONValue
    {
        [
            "index": .integer(index), "value": .integer(value), "valueTwo": .integer(second),
            "op": .string(comparison),
        ]
    }
}

import Glibc
import StrictRegistry

/// A strict registry for people: `slipway-strict-registry [--quirk NAME]... [--user NAME:PASSWORD] [--bearer]`.
/// It listens on a free loopback port, prints its host, and ends with the input.
var quirks: Set<Quirk> = []
var user: (String, String)?
var usesTokens = false
var arguments = CommandLine.arguments.dropFirst()

func usage() -> Never {
    let names = Quirk.allCases.map(\.switchName).joined(separator: "\n  ")
    print("usage: slipway-strict-registry [--quirk NAME]... [--user NAME:PASSWORD] [--bearer]\nquirks:\n  \(names)")
    exit(64)
}

while let argument = arguments.popFirst() {
    switch argument {
    case "--quirk":
        let name = arguments.popFirst()
        guard let quirk = Quirk.allCases.first(where: { $0.switchName == name }) else { usage() }
        quirks.insert(quirk)
    case "--user":
        let parts = (arguments.popFirst() ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { usage() }
        user = (parts[0], parts[1])
    case "--bearer": usesTokens = true
    default: usage()
    }
}

var access = StrictRegistry.Access.anyone
if let user {
    access =
        usesTokens
        ? .bearer(user: user.0, password: user.1, lifetime: 60) : .basic(user: user.0, password: user.1)
}
let registry = try StrictRegistry(quirks: quirks, access: access)
print(registry.host)
fflush(nil)
while readLine() != nil {}
for violation in registry.violations { print("violation: \(violation)") }

import Testing

@testable import Platform

@Suite("Whose rights a process has")
struct ProcessRightsTests {
    @Test(
        "root of the system is told from root of a namespace, and what that one can give away",
        arguments: [
            ("         0          0 4294967295\n", ProcessRights.root), ("", .root),
            ("         0       1000          1\n", .ownNamespace(ids: 1)),
            ("         0       1000          1\n         1     100000      65536\n", .ownNamespace(ids: 65537)),
            ("1 100000 65536\n0 1000 1\n", .ownNamespace(ids: 65537)), ("5 100000 65536\n", .ownNamespace(ids: 0)),
            ("0 100000 10\n11 200000 10\n", .ownNamespace(ids: 10)),
        ]
    )
    func maps(_ map: String, _ rights: ProcessRights) {
        #expect(ProcessRights.ofRoot(map: map) == rights)
    }
}

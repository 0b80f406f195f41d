import BuildModel
import ImageBuild
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("Changes of a step, against what it saw")
struct ChangeModelTests {
    /// Beyond what a step may have.
    private static let owner = "3000000"

    @Test(
        "any changes, captured and unpacked over the base by umoci and by us, give what the step saw",
        arguments: 1...6
    )
    func model(seed: Int) async throws {
        let fixture = try StepFixture()
        try await fixture.prepare(["python3", "-c", RandomChanges.program, "\(seed)", "base", Self.owner])
        try await fixture.step(["python3", "-c", RandomChanges.program, "\(seed)", "step", Self.owner])
        let captured = try fixture.capture(["/"])
        let seen = try await TreeListing.lines(
            ofOverlay: [fixture.lower],
            upper: fixture.upper,
            work: fixture.work,
            times: false
        ).filter { !$0.contains(" 0o14") }
        #expect(seen.count > 8)

        let baseTar = fixture.scratch("base.tar")
        try await Command.output(
            [
                "tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--format=pax", "--sort=name", "-cf",
                baseTar,
                ".",
            ],
            in: fixture.lower
        )
        let stepTar = fixture.scratch("step.tar")
        try Files.writeAtomically(try await fixture.tar(captured), to: stepTar)
        let unpacked = try await Umoci.unpack([baseTar, stepTar], in: fixture.scratch)
        let theirs = try await TreeListing.lines(of: unpacked, times: false)
        #expect(theirs == seen, "\(Set(theirs).symmetricDifference(seen).sorted().prefix(20))")

        let store = try Fixture()
        let layer = FilesystemLayer(try #require(captured.layer))
        let lease = try await store.store.lease([Fixture.layer(tar: try Files.read(baseTar, limit: 1 << 30)), layer])
        let ours = try await TreeListing.lines(ofOverlay: lease.lowerDirectories, times: false)
        #expect(ours == seen, "\(Set(ours).symmetricDifference(seen).sorted().prefix(20))")
    }
}

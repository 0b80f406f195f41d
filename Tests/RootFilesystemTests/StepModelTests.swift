import TestSupport
import Testing

@Suite("Changes of a step in its sandbox, against what it saw")
struct StepModelTests {
    @Test(
        "any changes, captured and unpacked over the base by umoci, give what the step saw",
        arguments: [(11, true), (12, true), (13, true), (14, true), (15, true), (16, false), (17, false)]
    )
    func model(seed: Int, isRoot: Bool) async throws {
        var step = try ModelStep(seed: seed, isRoot: isRoot)
        let base = try await step.makeBase()
        let (listing, layer) = try await step.run()
        // Sockets are in no layer.
        let seen = listing.filter { !$0.contains(" 0o14") }
        #expect(seen.count > 8)
        // Or the step has changed nothing, and this would say nothing.
        #expect(try await Command.output(["tar", "-tf", layer]).lines.count > 8)
        let unpacked = try await Umoci.unpack([base, layer], in: step.scratch)
        let theirs = try await TreeListing.lines(of: "\(unpacked)/model", times: false, links: false)
        #expect(theirs == seen, "\(Set(theirs).symmetricDifference(seen).sorted().prefix(20))")

        let files = try await ModelStep.files(below: unpacked)
        let links = try await step.links(among: files.keys)
        let theirLinks = ModelStep.links(files.map { ($0.key, $0.value) })
        #expect(!links.isEmpty && theirLinks == links, "\(theirLinks.symmetricDifference(links))")
    }
}

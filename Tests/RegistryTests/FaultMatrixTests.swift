import BuildModel
import Platform
import Registry
import StrictRegistry
import TestSupport
import Testing

/// A push here is all that a push may be: a layer to mount, layers and a config to upload, a manifest, a tag, and an artifact that is
/// attached, to a registry that lists referrers or wants a tag for that.
@Suite("Each fault at each request of a push")
struct FaultMatrixTests {
    private let fixture = StrictFixture()

    @Test("the push ends right or in words, and never leaves a tag on a broken image", .timeLimit(.minutes(30)))
    func matrix() async throws {
        var cells: [FaultCell] = []
        for way in FaultCell.Way.allCases { cells += try await Self.cells(way, fixture) }
        let (waiting, quick) = (cells.filter(\.waits), cells.filter { !$0.waits })
        // Those that only wait cost nothing but time, and wait side by side.
        async let first = Self.run(waiting, width: 64, fixture)
        async let second = Self.run(quick, width: 6, fixture)
        let failed = try await first + second
        let text = "\(cells.count) pushes with a fault: \(cells.count - failed) ended right, \(failed) in words"
        print(text)
        #expect(cells.count > 1500, "\(text)")
    }

    /// Every fault at every request that an undisturbed push makes, and a few more that a disturbed one has: once, and from there on.
    private static func cells(_ way: FaultCell.Way, _ fixture: StrictFixture) async throws -> [FaultCell] {
        let quiet = try StrictRegistry(quirks: way.quirks, access: FaultCell.access)
        try await FaultCell.push(to: quiet, way, fixture)
        #expect(quiet.violations == [] && quiet.openUploads == 0)
        for request in ["mount=", "PUT ", "/manifests/v1"] + way.requests {
            #expect(quiet.requests.contains { $0.contains(request) }, "\(request) in \(quiet.requests)")
        }
        return Fault.all.flatMap { fault in
            (1...quiet.requests.count + 2).flatMap { request in
                [false, true].map { FaultCell(fault: fault, request: request, way: way, lasts: $0) }
            }
        }
    }

    /// Returns how many pushes failed.
    private static func run(_ cells: [FaultCell], width: Int, _ fixture: StrictFixture) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            var failed = 0
            for (index, cell) in cells.enumerated() {
                if index >= width, try await group.next() == true { failed += 1 }
                group.addTask { try await cell.run(fixture) }
            }
            for try await hasFailed in group where hasFailed { failed += 1 }
            return failed
        }
    }
}

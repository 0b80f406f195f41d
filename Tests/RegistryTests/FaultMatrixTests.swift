import BuildModel
import Platform
import Registry
import StrictRegistry
import Synchronization
import TestSupport
import Testing

@Suite("Each fault at each request of a push")
struct FaultMatrixTests {
    /// One cell of the matrix.
    struct Cell: Sendable, CustomStringConvertible {
        var fault: Fault
        var request: Int
        var chunkBytes: Int64?
        /// Whether the fault comes once or from this request on.
        var lasts: Bool

        var description: String {
            "\(fault) at request \(request)\(lasts ? " and after" : "")\(chunkBytes == nil ? "" : ", in chunks")"
        }
    }

    private static let layers = [StrictFixture.blob(1_500_000), StrictFixture.blob(1000)]

    @Test("the push ends right or in words, and never leaves a tag on a broken image", .timeLimit(.minutes(10)))
    func matrix() async throws {
        let fixture = StrictFixture()
        let cells = try await Self.cells(fixture)
        let failed = try await withThrowingTaskGroup(of: Bool.self) { group in
            var failed = 0
            for (index, cell) in cells.enumerated() {
                if index >= 6, try await group.next() == true { failed += 1 }
                group.addTask { try await Self.run(cell, fixture) }
            }
            for try await hasFailed in group where hasFailed { failed += 1 }
            return failed
        }
        let text = "\(cells.count) pushes with a fault: \(cells.count - failed) ended right, \(failed) in words"
        print(text)
        #expect(cells.count > 300, "\(text)")
    }

    /// Every fault at every request that an undisturbed push makes, and a few more that a disturbed one has.
    private static func cells(_ fixture: StrictFixture) async throws -> [Cell] {
        var cells: [Cell] = []
        for chunkBytes in [nil, 600_000] as [Int64?] {
            let quiet = try StrictRegistry(access: access)
            try await push(to: quiet, chunkBytes, fixture)
            #expect(quiet.violations == [])
            for fault in Fault.all {
                for request in 1...quiet.requests.count + 2 {
                    cells.append(Cell(fault: fault, request: request, chunkBytes: chunkBytes, lasts: false))
                }
                // What never ends takes all tries: one place for each kind of request is enough.
                for request in [1, 4, 9, 14] where fault != .stall {
                    cells.append(Cell(fault: fault, request: request, chunkBytes: chunkBytes, lasts: true))
                }
            }
        }
        return cells
    }

    private static let access = StrictRegistry.Access.bearer(user: "user", password: "pass", lifetime: 60)

    private static func push(
        to registry: StrictRegistry,
        _ chunkBytes: Int64?,
        _ fixture: StrictFixture,
        patience: Duration = .seconds(10)
    ) async throws {
        var settings = StrictFixture.settings()
        settings.patience = patience
        settings.credentials[registry.host] = .init(username: "user", password: Redacted("pass"))
        settings.chunkBytes[registry.host] = chunkBytes
        try await fixture.push(StrictFixture.image(layers), to: registry, settings: settings)
    }

    /// Whether the push failed.
    private static func run(_ cell: Cell, _ fixture: StrictFixture) async throws -> Bool {
        let registry = try StrictRegistry(access: access) { number, _, _ in
            number == cell.request || (cell.lasts && number > cell.request) ? cell.fault : nil
        }
        var failure: BuildFailure?
        do {
            try await push(
                to: registry,
                cell.chunkBytes,
                fixture,
                patience: cell.fault == .stall ? .seconds(1) : .seconds(10)
            )
        } catch let error as BuildFailure {
            failure = error
        }
        #expect(registry.faults(ofTag: "v1", in: "team/app") == [], "\(cell)")
        if let failure {
            #expect(mayFail(cell), "\(cell): \(failure)")
            #expect(failure.message.contains(registry.host), "\(cell): \(failure)")
            #expect(failure.message.contains(words(for: cell.fault)), "\(cell): \(failure)")
        } else {
            #expect(registry.digest(ofTag: "v1", in: "team/app") != nil, "\(cell)")
        }
        return failure != nil
    }

    /// One wrong answer about a digest is never passed over; anything else has to last to fail a push.
    private static func mayFail(_ cell: Cell) -> Bool {
        cell.lasts || cell.fault == .wrongDigest
    }

    private static func words(for fault: Fault) -> String {
        switch fault {
        case .reset, .lostAnswer, .wrongLength, .halfAnswer: "broke"
        case .stall: "nothing moved"
        case .tooManyRequests: "429"
        case .serverError: "500"
        case .badGateway: "502"
        case .truncatedJSON: "503"
        case .wrongDigest: "digest"
        case .slow: ""
        case .collectedBlob: "blobs"
        case .expiredTokens: "401"
        }
    }
}

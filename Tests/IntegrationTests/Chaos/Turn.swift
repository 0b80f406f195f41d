import Platform
import TestSupport

/// What a build was asked for with that says when it may begin, and the place that the farm gave it.
struct Turn: Sendable {
    /// Steps of priority are a minute of arrival time: `PRIORITY_STEP`, in microseconds.
    private static let step: Int64 = 60_000_000

    var tenant: String
    var priority: Int64 = 0
    /// Microseconds since 1970, and never the same twice; 0 if the farm does not know the build.
    var order: Int64 = 0
    /// Milliseconds.
    var delay: Int64 = 0
    /// The key whose newer builds cancel the older ones.
    var line: String?
    /// Its project's order comes before its own.
    var deploys = false

    /// The lower, the sooner.
    var score: Int64 { order - priority * Self.step }
}

extension Turn {
    /// What the build of a number is asked for with: deployed, hurried, delayed, and taken back, each some of them.
    init(_ number: Int) {
        tenant = "t-\(number % 3)"
        priority = Int64(number * 7 % 5) - 2
        deploys = number % 6 == 0
        if number % 5 == 3 { delay = 1000 }
        // Of each eight builds one takes the place of the one before it, which waits for that time.
        guard number % 8 >= 6 else { return }
        (tenant, line) = ("t-\(number / 8 % 3)", "line-\(number / 8 % 4)")
        delay = number % 8 == 6 ? 2000 : 0
    }

    /// As members of a request.
    var members: String {
        let line = line.map { #","supersedes":"\#($0)""# } ?? ""
        return #""organizationId":"\#(tenant)","priority":\#(priority),"delay":\#(delay),"deploy":\#(deploys)\#(line)"#
    }

    /// The turn of a build with the place that the farm gave it.
    func placed(_ id: String, _ farm: Farm) async throws -> Turn {
        var turn = self
        let words = try await farm.primary().cli("HMGET", "slipway:{farm}:build:\(id)", "order")
        turn.order = words.first.flatMap { Int64($0) } ?? 0
        return turn
    }
}

/// A point in time by which something has to be done.
package struct Deadline: Sendable, Hashable {
    package let instant: ContinuousClock.Instant

    /// - Parameter duration: from now.
    package init(after duration: Duration) {
        instant = ContinuousClock.now + duration
    }

    /// What is left; zero when it has passed.
    package var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: instant)) }

    package var hasPassed: Bool { ContinuousClock.now >= instant }
}

extension Duration {
    /// Whole milliseconds, rounded down, clamped to what `Int` holds.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds as a floating-point number, for people.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

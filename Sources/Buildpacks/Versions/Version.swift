/// The version of a tool: numbers, and what marks it as coming before a release.
///
/// One order serves all ecosystems: numbers by value with missing ones as 0, and a prerelease before its release
/// (Semantic Versioning 2.0, clause 11; PEP 440 once its spellings are normalised).
struct Version: Sendable, Hashable {
    /// A part of a prerelease; numbers come before words.
    enum Identifier: Sendable, Hashable {
        case number(Int)
        case word(String)
    }

    /// As many as were written, at least one: `3.11` and `3.11.0` are equal, but only the first leaves the patch open.
    var components: [Int]
    /// Empty for a release.
    var prerelease: [Identifier]

    init(_ components: [Int], prerelease: [Identifier] = []) {
        self.components = components
        self.prerelease = prerelease
    }

    var isPrerelease: Bool { !prerelease.isEmpty }

    /// The number at a place, 0 where none was written.
    subscript(place: Int) -> Int { place < components.count ? components[place] : 0 }

    /// The version as if at least `count` numbers had been written.
    func padded(to count: Int = 3) -> Version {
        var version = self
        while version.components.count < count { version.components.append(0) }
        return version
    }

    /// The first release after everything that begins with the numbers up to `place`.
    func next(at place: Int) -> Version {
        var next = (0...place).map { self[$0] }
        next[place] += 1
        return Version(next).padded()
    }

    private var significant: ArraySlice<Int> {
        components.prefix((components.lastIndex { $0 != 0 } ?? -1) + 1)
    }

    /// How many numbers say something: trailing zeros do not.
    var significantCount: Int { significant.count }

    static func == (left: Version, right: Version) -> Bool {
        left.significant == right.significant && left.prerelease == right.prerelease
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(significant)
        hasher.combine(prerelease)
    }
}

extension Version: Comparable {
    static func < (left: Version, right: Version) -> Bool {
        for place in 0..<max(left.components.count, right.components.count) where left[place] != right[place] {
            return left[place] < right[place]
        }
        guard left.isPrerelease, right.isPrerelease else { return left.isPrerelease && !right.isPrerelease }
        for (own, other) in zip(left.prerelease, right.prerelease) where own != other { return own < other }
        return left.prerelease.count < right.prerelease.count
    }
}

extension Version.Identifier: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.number(let own), .number(let other)): own < other
        case (.word(let own), .word(let other)): own.utf8.lexicographicallyPrecedes(other.utf8)
        case (.number, .word): true
        case (.word, .number): false
        }
    }
}

extension Version: CustomStringConvertible {
    var description: String {
        let numbers = components.map(String.init).joined(separator: ".")
        guard isPrerelease else { return numbers }
        let marks = prerelease.map { identifier in
            switch identifier {
            case .number(let number): String(number)
            case .word(let word): word
            }
        }
        return numbers + "-" + marks.joined(separator: ".")
    }
}

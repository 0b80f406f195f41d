import Testing

@testable import Buildpacks

/// A text, and versions that belong to it or not.
struct RangeCase: Sendable, CustomTestStringConvertible {
    var dialect: VersionDialect
    var text: String
    var holds: [String]
    var fails: [String]

    init(_ dialect: VersionDialect, _ text: String, holds: [String], fails: [String]) {
        (self.dialect, self.text, self.holds, self.fails) = (dialect, text, holds, fails)
    }

    var testDescription: String { "\(dialect.rawValue) '\(text)'" }
}

@Suite("Sets of versions mean what their ecosystem says")
struct VersionRangeTests {
    /// After node-semver's description of ranges.
    static let npm: [RangeCase] = [
        .init(.npm, "1.2.3 - 2.3.4", holds: ["1.2.3", "2.3.4", "2.0.0"], fails: ["1.2.2", "2.3.5"]),
        .init(.npm, "1.2 - 2.3", holds: ["1.2.0", "2.3.99"], fails: ["1.1.9", "2.4.0"]),
        .init(.npm, "1.2.3 - 2", holds: ["2.99.99"], fails: ["3.0.0", "1.2.2"]),
        .init(.npm, "*", holds: ["0.0.1", "99.1.2"], fails: ["1.0.0-rc.1"]),
        .init(.npm, "", holds: ["1.2.3"], fails: ["1.2.3-alpha"]),
        .init(.npm, "1.x", holds: ["1.0.0", "1.99.0"], fails: ["2.0.0", "0.9.9"]),
        .init(.npm, "1.2.x", holds: ["1.2.0", "1.2.9"], fails: ["1.3.0"]),
        .init(.npm, "1", holds: ["1.0.0", "1.9.9"], fails: ["2.0.0"]),
        .init(.npm, "~1.2.3", holds: ["1.2.3", "1.2.99"], fails: ["1.3.0", "1.2.2"]),
        .init(.npm, "~1.2", holds: ["1.2.0", "1.2.9"], fails: ["1.3.0"]),
        .init(.npm, "~1", holds: ["1.9.9"], fails: ["2.0.0"]),
        .init(.npm, "~0.2.3", holds: ["0.2.9"], fails: ["0.3.0"]),
        .init(
            .npm,
            "~1.2.3-beta.2",
            holds: ["1.2.3-beta.2", "1.2.3-beta.4", "1.2.4"],
            fails: ["1.2.4-beta.2", "1.2.3-beta.1"]
        ),
        .init(.npm, "^1.2.3", holds: ["1.2.3", "1.99.0"], fails: ["2.0.0", "1.2.2"]),
        .init(.npm, "^0.2.3", holds: ["0.2.3", "0.2.9"], fails: ["0.3.0"]),
        .init(.npm, "^0.0.3", holds: ["0.0.3"], fails: ["0.0.4"]),
        .init(
            .npm,
            "^1.2.3-beta.2",
            holds: ["1.2.3-beta.2", "1.2.3-beta.4", "1.9.0"],
            fails: ["1.2.4-beta.2", "2.0.0-alpha"]
        ),
        .init(.npm, "^0.0.3-beta", holds: ["0.0.3-pr.2", "0.0.3"], fails: ["0.0.4"]),
        .init(.npm, "^1.2.x", holds: ["1.2.0", "1.9.0"], fails: ["2.0.0"]),
        .init(.npm, "^0.0.x", holds: ["0.0.9"], fails: ["0.1.0"]),
        .init(.npm, "^0.0", holds: ["0.0.9"], fails: ["0.1.0"]),
        .init(.npm, "^1.x", holds: ["1.0.0"], fails: ["2.0.0"]),
        .init(.npm, "^0.x", holds: ["0.9.9"], fails: ["1.0.0"]),
        .init(.npm, ">=1.2.7 <1.3.0", holds: ["1.2.7", "1.2.99"], fails: ["1.2.6", "1.3.0", "1.1.0"]),
        .init(.npm, "1.2.7 || >=1.2.9 <2.0.0", holds: ["1.2.7", "1.2.9", "1.4.6"], fails: ["1.2.8", "2.0.0"]),
        .init(.npm, ">1.2", holds: ["1.3.0"], fails: ["1.2.9"]),
        .init(.npm, "<=1.2", holds: ["1.2.9"], fails: ["1.3.0"]),
        .init(.npm, "<1.2", holds: ["1.1.9"], fails: ["1.2.0"]),
        .init(.npm, ">= 18 < 20", holds: ["18.0.0", "19.9.0"], fails: ["20.0.0", "17.9.1"]),
        .init(.npm, ">1.2.3-alpha.3", holds: ["1.2.3-alpha.7", "3.4.5"], fails: ["3.4.5-alpha.9"]),
        .init(.npm, "^18 || ^20 || >=22", holds: ["18.1.0", "20.0.0", "23.1.0"], fails: ["19.0.0", "21.0.0"]),
        .init(.npm, "v20.11.1", holds: ["20.11.1"], fails: ["20.11.0"]),
        .init(.npm, "=20.x", holds: ["20.19.2"], fails: ["22.0.0"]),
        .init(.npm, "<*", holds: [], fails: ["0.0.0", "1.0.0"]),
    ]

    /// After PEP 440, "Version specifiers"; Poetry's documentation of dependency specifications.
    static let python: [RangeCase] = [
        .init(.pep440, ">=3.8", holds: ["3.8.0", "3.13.5"], fails: ["3.7.17"]),
        .init(.pep440, ">=3.8,<4.0", holds: ["3.8.0"], fails: ["4.0.0"]),
        .init(.pep440, "~=3.9", holds: ["3.9.0", "3.13.0"], fails: ["4.0.0", "3.8.9"]),
        .init(.pep440, "~=3.9.2", holds: ["3.9.2", "3.9.20"], fails: ["3.10.0", "3.9.1"]),
        .init(.pep440, "==3.11.*", holds: ["3.11.0", "3.11.9"], fails: ["3.12.0", "3.1.1"]),
        .init(.pep440, ">=3.8, !=3.9.*", holds: ["3.8.1", "3.10.0"], fails: ["3.9.0", "3.9.7"]),
        .init(.pep440, "!=3.9.1", holds: ["3.9.0"], fails: ["3.9.1"]),
        .init(.pep440, ">3.9.1", holds: ["3.9.2", "3.10.0"], fails: ["3.9.1"]),
        .init(.pep440, "<3.14", holds: ["3.13.9"], fails: ["3.14.0", "3.14.0rc1"]),
        .init(.pep440, ">=3.14.0rc1", holds: ["3.14.0rc2", "3.14.0"], fails: ["3.14.0b4"]),
        .init(.pep440, "===3.11.4", holds: ["3.11.4"], fails: ["3.11.5"]),
        .init(.poetry, "^3.9", holds: ["3.9.0", "3.13.1"], fails: ["4.0.0", "3.8.0"]),
        .init(.poetry, "~3.9", holds: ["3.9.7"], fails: ["3.10.0"]),
        .init(.poetry, "3.11", holds: ["3.11.4"], fails: ["3.12.0"]),
        .init(.poetry, ">=3.8,<3.12 || ^3.13", holds: ["3.11.0", "3.13.1"], fails: ["3.12.1"]),
        .init(.poetry, "3.10.*", holds: ["3.10.2"], fails: ["3.11.0"]),
    ]

    /// After RubyGems' guide to patterns, Composer's article on versions.
    static let others: [RangeCase] = [
        .init(.ruby, "~> 3.2", holds: ["3.2.0", "3.9.0"], fails: ["4.0.0", "3.1.9"]),
        .init(.ruby, "~> 3.2.0", holds: ["3.2.9"], fails: ["3.3.0"]),
        .init(.ruby, "~> 3", holds: ["3.9.0"], fails: ["4.0.0"]),
        .init(.ruby, ">= 3.1, < 3.4", holds: ["3.3.8"], fails: ["3.4.0"]),
        .init(.ruby, "3.2.1", holds: ["3.2.1"], fails: ["3.2.2"]),
        .init(.ruby, "!= 3.2.1", holds: ["3.2.2"], fails: ["3.2.1"]),
        .init(.composer, "^8.1", holds: ["8.1.0", "8.4.3"], fails: ["9.0.0", "8.0.30"]),
        .init(.composer, "~8.1", holds: ["8.1.0", "8.9.0"], fails: ["9.0.0"]),
        .init(.composer, "~8.1.3", holds: ["8.1.9"], fails: ["8.2.0", "8.1.2"]),
        .init(.composer, "8.1.*", holds: ["8.1.20"], fails: ["8.2.0"]),
        .init(.composer, ">=8.1 <8.4", holds: ["8.3.9"], fails: ["8.4.0"]),
        .init(.composer, "^7.4|^8.0", holds: ["7.4.1", "8.3.0"], fails: ["7.3.0", "9.0.0"]),
        .init(.composer, "^7.4 || ^8.2@dev", holds: ["8.2.0"], fails: ["8.1.0"]),
        .init(.composer, "8.0 - 8.2", holds: ["8.0.0", "8.2.29"], fails: ["8.3.0"]),
        .init(.composer, ">=8.1,<8.3", holds: ["8.2.0"], fails: ["8.3.0"]),
        .init(.prefix, "python-3.11.4", holds: ["3.11.4"], fails: ["3.11.5"]),
        .init(.prefix, "3.12", holds: ["3.12.0", "3.12.11"], fails: ["3.13.0"]),
        .init(.prefix, "v20", holds: ["20.19.2"], fails: ["21.0.0"]),
        .init(.prefix, "ruby-3.2.1", holds: ["3.2.1"], fails: ["3.2.2"]),
        .init(.java, "1.8", holds: ["8"], fails: ["11", "1.8"]),
        .init(.java, "temurin-17.0.9+9", holds: ["17"], fails: ["21"]),
        .init(.java, "1.8.0_292", holds: ["8"], fails: ["11"]),
        .init(.java, "21", holds: ["21"], fails: ["17"]),
    ]

    @Test("a version is in the set or not", arguments: npm + python + others + cargo + elixir + cabal + leasts)
    func membership(_ example: RangeCase) throws {
        let range = try VersionRange(parsing: example.text, dialect: example.dialect)
        for text in example.holds {
            #expect(range.contains(try #require(Version(text))), "\(text) is missing in \(range)")
        }
        for text in example.fails {
            #expect(!range.contains(try #require(Version(text))), "\(text) does not belong into \(range)")
        }
    }

    @Test(
        "the SDKs of a global.json roll forward as far as its policy says",
        arguments: [
            ("8.0.100", "patch", ["8.0.121"], ["8.0.200", "8.0.99"]),
            ("8.0.301", "latestPatch", ["8.0.318"], ["8.0.300", "8.0.400"]),
            ("8.0.100", "latestFeature", ["8.0.415"], ["8.1.0", "9.0.100"]),
            ("8.0.100", "minor", ["8.1.100"], ["9.0.100"]),
            ("8.0.100", "latestMajor", ["9.0.306"], ["7.0.400"]), ("8.0.100", "disable", ["8.0.100"], ["8.0.101"]),
        ]
    )
    func rollForward(_ version: String, _ policy: String, _ holds: [String], _ fails: [String]) throws {
        let range = try VersionRange.dotnetSDK(try #require(Version(version)), rollForward: policy)
        #expect(try holds.allSatisfy { range.contains(try #require(Version($0))) })
        #expect(try fails.allSatisfy { !range.contains(try #require(Version($0))) })
    }

    @Test(
        "a text that is no set of versions is refused in words",
        arguments: [
            (VersionDialect.npm, ">=a.b"), (.npm, "1.2.3.beta@"), (.npm, "1..2"), (.pep440, "~=3"),
            (.composer, "dev-main"),
            (.prefix, "system"), (.npm, String(repeating: "9", count: 60)), (.npm, String(repeating: ">", count: 600)),
        ]
    )
    func refused(_ dialect: VersionDialect, _ text: String) {
        #expect(throws: VersionSyntaxError.self) { try VersionRange(parsing: text, dialect: dialect) }
    }

    @Test("versions are ordered as Semantic Versioning 2.0 and PEP 440 order them")
    func order() throws {
        let ascending = [
            [
                "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
                "1.0.0-rc.1", "1.0.0",
            ],
            ["3.14.0.dev3", "3.14.0a1", "3.14.0b4", "3.14.0rc1", "3.14.0", "3.14.1"],
            ["1.9", "1.10", "1.10.1", "2"],
        ]
        for texts in ascending {
            let versions = try texts.map { try #require(Version($0)) }
            #expect(versions.reversed().sorted() == versions)
        }
        #expect(Version("3.11") == Version("3.11.0"))
        #expect(Set([Version("1.0"), Version("1.0.0"), Version("v1.0.0+build")]).count == 1)
    }
}

@testable import Buildpacks

extension VersionRangeTests {
    /// After the Cargo book, "Specifying Dependencies": each row of its tables, and how it puts them together.
    static let cargo: [RangeCase] = [
        .init(.cargo, "1.2.3", holds: ["1.2.3", "1.99.0"], fails: ["1.2.2", "2.0.0"]),
        .init(.cargo, "1.2", holds: ["1.2.0", "1.99.0"], fails: ["1.1.9", "2.0.0"]),
        .init(.cargo, "1", holds: ["1.0.0", "1.99.0"], fails: ["0.9.9", "2.0.0"]),
        .init(.cargo, "0.2.3", holds: ["0.2.3", "0.2.9"], fails: ["0.2.2", "0.3.0"]),
        .init(.cargo, "0.2", holds: ["0.2.0", "0.2.9"], fails: ["0.1.9", "0.3.0"]),
        .init(.cargo, "0.0.3", holds: ["0.0.3"], fails: ["0.0.2", "0.0.4"]),
        .init(.cargo, "0.0", holds: ["0.0.0", "0.0.9"], fails: ["0.1.0"]),
        .init(.cargo, "0", holds: ["0.0.0", "0.99.0"], fails: ["1.0.0"]),
        .init(.cargo, "^1.2.3", holds: ["1.2.3", "1.99.0"], fails: ["1.2.2", "2.0.0"]),
        .init(.cargo, "^0.2.3", holds: ["0.2.3"], fails: ["0.3.0"]),
        .init(.cargo, "~1.2.3", holds: ["1.2.3", "1.2.9"], fails: ["1.2.2", "1.3.0"]),
        .init(.cargo, "~1.2", holds: ["1.2.0", "1.2.9"], fails: ["1.3.0"]),
        .init(.cargo, "~1", holds: ["1.0.0", "1.99.0"], fails: ["2.0.0"]),
        .init(.cargo, "*", holds: ["0.0.0", "9.9.9"], fails: ["1.0.0-rc.1"]),
        .init(.cargo, "1.*", holds: ["1.0.0", "1.99.0"], fails: ["2.0.0"]),
        .init(.cargo, "1.2.*", holds: ["1.2.0", "1.2.9"], fails: ["1.3.0"]),
        .init(.cargo, ">= 1.2.0", holds: ["1.2.0", "3.0.0"], fails: ["1.1.9"]),
        .init(.cargo, "> 1", holds: ["2.0.0"], fails: ["1.0.0", "1.99.0"]),
        .init(.cargo, "< 2", holds: ["1.99.0"], fails: ["2.0.0"]),
        .init(.cargo, "= 1.2.3", holds: ["1.2.3"], fails: ["1.2.2", "1.2.4"]),
        .init(.cargo, "=1.2", holds: ["1.2.0", "1.2.9"], fails: ["1.3.0"]),
        .init(.cargo, ">=1.2, <1.5", holds: ["1.2.0", "1.4.9"], fails: ["1.1.9", "1.5.0"]),
        .init(.cargo, "1.2.3-alpha.1", holds: ["1.2.3-alpha.1", "1.2.3", "1.3.0"], fails: ["1.3.0-alpha.1"]),
    ]

    /// After Cabal's documentation of `build-depends` and `tested-with`.
    static let cabal: [RangeCase] = [
        .init(.pvp, ">=4.16 && <4.19", holds: ["4.16.0", "4.18.3"], fails: ["4.15.1", "4.19.0"]),
        .init(.pvp, ">= 4.7 && < 5", holds: ["4.7.0", "4.21.0"], fails: ["4.6.0", "5.0.0"]),
        .init(.pvp, "^>=4.18.0.0", holds: ["4.18.0", "4.18.3"], fails: ["4.17.2", "4.19.0"]),
        .init(.pvp, "^>= 4.18.2", holds: ["4.18.2", "4.18.3"], fails: ["4.18.1", "4.19.0"]),
        .init(.pvp, "^>=4.17 || ^>=4.18", holds: ["4.17.0", "4.18.3"], fails: ["4.16.4", "4.19.0"]),
        .init(.pvp, "==4.18.*", holds: ["4.18.0", "4.18.3"], fails: ["4.19.0"]),
        .init(.pvp, "(>=4.16 && <4.17) || ==4.18.*", holds: ["4.16.1", "4.18.3"], fails: ["4.17.0"]),
        .init(.pvp, "-any", holds: ["4.0.0", "5.0.0"], fails: []),
        .init(.pvp, "<5", holds: ["4.21.0"], fails: ["5.0.0"]),
        .init(.pvp, "GHC == 9.4.8, GHC == 9.6.7", holds: ["9.4.8", "9.6.7"], fails: ["9.4.7", "9.8.4"]),
        .init(.pvp, "GHC ==9.4.8 || ==9.6.7", holds: ["9.4.8", "9.6.7"], fails: ["9.8.4"]),
        .init(.pvp, "GHC ==9.4.8 ||", holds: ["9.4.8"], fails: ["9.6.7"]),
        .init(.pvp, "GHC == { 9.4.8, 9.6.7 }", holds: ["9.4.8", "9.6.7"], fails: ["9.6.6"]),
        .init(.pvp, "GHC >=9.2 && <9.8", holds: ["9.2.1", "9.6.7"], fails: ["9.8.1"]),
    ]

    /// After the documentation of Elixir's Version, "Requirements".
    static let elixir: [RangeCase] = [
        .init(.hex, "~> 2.0.0", holds: ["2.0.0", "2.0.9"], fails: ["2.1.0", "1.9.9"]),
        .init(.hex, "~> 2.1.2", holds: ["2.1.2", "2.1.9"], fails: ["2.1.1", "2.2.0"]),
        .init(.hex, "~> 2.0", holds: ["2.0.0", "2.9.9"], fails: ["3.0.0"]),
        .init(.hex, "~> 2.1", holds: ["2.1.0", "2.9.9"], fails: ["2.0.9", "3.0.0"]),
        .init(.hex, "> 2.0.0", holds: ["2.0.1"], fails: ["2.0.0"]),
        .init(.hex, "== 2.0.1", holds: ["2.0.1"], fails: ["2.0.0", "2.0.2"]),
        .init(.hex, "2.0.1", holds: ["2.0.1"], fails: ["2.0.2"]),
        .init(.hex, "!= 2.0.1", holds: ["2.0.0", "2.0.2"], fails: ["2.0.1"]),
        .init(.hex, "<= 2.0.1", holds: ["2.0.0", "2.0.1"], fails: ["2.0.2"]),
        .init(.hex, ">= 1.14.0 and < 1.17.0", holds: ["1.14.0", "1.16.3"], fails: ["1.13.9", "1.17.0"]),
        .init(.hex, "~> 1.13 or ~> 1.17.1", holds: ["1.13.0", "1.17.5"], fails: ["1.12.9", "2.0.0"]),
    ]

    /// What is the least that is needed: the go line of go.mod ("Go Toolchains"; kept within its minor version), rust-version of
    /// Cargo.toml, swift-tools-version of Package.swift.
    static let leasts: [RangeCase] = [
        .init(.go, "1.22", holds: ["1.22.0", "1.22.12"], fails: ["1.23.0", "1.21.9"]),
        .init(.go, "1.20", holds: ["1.20.0", "1.20.14"], fails: ["1.2.0", "1.21.0"]),
        .init(.go, "1.21.0", holds: ["1.21.0", "1.21.13"], fails: ["1.20.14", "1.22.0"]),
        .init(.go, "go1.22.3", holds: ["1.22.3", "1.22.9"], fails: ["1.22.2", "1.23.0"]),
        .init(
            .go,
            "1.21rc2",
            holds: ["1.21rc2", "1.21rc3", "1.21.0", "1.21.4"],
            fails: ["1.21rc1", "1.20.14", "1.22.0"]
        ),
        .init(.go, "1", holds: ["1.0.0", "1.25.0"], fails: ["2.0.0"]),
        .init(.minimum, "5.9", holds: ["5.9.0", "5.10.1", "6.1.0"], fails: ["5.8.1", "5.1.0"]),
        .init(.minimum, "5.10", holds: ["5.10.0", "6.0.3"], fails: ["5.9.2"]),
        .init(.minimum, "6", holds: ["6.0.0", "6.2.0"], fails: ["5.10.1"]),
        .init(.minimum, "5.7.1", holds: ["5.7.1", "5.7.3", "5.8.0"], fails: ["5.7.0"]),
        .init(.minimum, "1.70", holds: ["1.70.0", "1.90.0"], fails: ["1.69.0", "1.7.0"]),
        .init(.minimum, "1.56.1", holds: ["1.56.1", "1.57.0"], fails: ["1.56.0"]),
    ]
}

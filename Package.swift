// swift-tools-version: 6.2

import PackageDescription

// Targets are listed from the top of the house to its ground; a target depends only on targets below it.
// docs/architecture.md says what each one is for, and Tests/ArchitectureTests holds this file to it.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Targets that call C: every touch of a pointer has to say `unsafe`, so that a review can search for it.
let bridge: [SwiftSetting] = strict + [.strictMemorySafety()]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

func module(
    _ name: String,
    _ dependencies: [Target.Dependency],
    settings: [SwiftSetting] = strict,
    exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

func systemLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let package = Package(
    name: "slipway",
    products: [.executable(name: "slipway", targets: ["slipway"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "slipway",
            dependencies: [
                "Worker", "BuildQueue", "GitStore", "Buildpacks", "ImageBuild", "RootFilesystem", "Sandbox",
                "Registry", "Kubernetes", "HTTPTransport", "RedisTransport", "Settings", "Telemetry", "Documents",
                "Platform", "BuildModel", argumentParser, logging,
            ],
            swiftSettings: strict
        ),
        module(
            "Worker",
            [
                "BuildQueue", "GitStore", "Buildpacks", "ImageBuild", "RootFilesystem", "Sandbox",
                "Registry", "Kubernetes", "Settings", "Telemetry", "Platform", "BuildModel", logging,
            ]
        ),
        module(
            "BuildQueue",
            ["RedisTransport", "Documents", "Platform", "BuildModel"],
            resources: [
                "common", "turns", "ending", "intake", "lease", "log", "progress", "recovery", "operate",
            ].map { .embedInCode("Functions/\($0).lua") }
        ),
        module(
            "GitStore",
            ["CGit2", "HTTPTransport", "Compression", "Documents", "Platform", "BuildModel"],
            settings: bridge
        ),
        module("Buildpacks", ["Documents", "Platform", "BuildModel"]),
        module("RootFilesystem", ["CArchive", "Platform", "BuildModel"], settings: bridge),
        module("ImageBuild", ["Compression", "Documents", "Platform", "BuildModel"], settings: bridge),
        module("Sandbox", ["CSandbox", "Platform", "BuildModel", subprocess], settings: bridge),
        module("Registry", ["HTTPTransport", "Documents", "Platform", "BuildModel", subprocess]),
        module("Kubernetes", ["HTTPTransport", "Documents", "Platform", "BuildModel", subprocess]),
        module("HTTPTransport", ["CCurl", "Platform", "BuildModel"], settings: bridge),
        module("RedisTransport", ["CHiredis", "Platform", "BuildModel"], settings: bridge),
        module("Settings", ["Documents", "Platform", "BuildModel"]),
        module("Telemetry", ["Platform", "BuildModel", logging]),
        module("Compression", ["CDeflate", "CZlib", "CZstd", "BuildModel"], settings: bridge),
        module("Documents", ["CYAML", "BuildModel"], settings: bridge),
        module("Platform", ["CShims", "COpenSSL", "BuildModel"], settings: bridge),
        module("BuildModel", []),

        systemLibrary("CGit2", pkgConfig: "libgit2", apt: "libgit2-dev"),
        systemLibrary("CHiredis", pkgConfig: "hiredis", apt: "libhiredis-dev"),
        systemLibrary("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        systemLibrary("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
        systemLibrary("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev"),
        systemLibrary("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        systemLibrary("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        systemLibrary("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
        systemLibrary("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        .target(name: "CShims", path: "Sources/C/CShims"),
        .target(name: "CSandbox", path: "Sources/C/CSandbox"),
        // A small program in C: what it does between fork and exec is no place for Swift's runtime, and it starts in a millisecond.
        // Linked with nothing of Swift's, and whole: the dynamic linker would double that time.
        .executableTarget(
            name: "slipway-sandbox",
            path: "Sources/C/slipway-sandbox",
            linkerSettings: [.unsafeFlags(["-static-executable", "-nostartfiles"])]
        ),

        .target(
            name: "TestSupport",
            dependencies: ["CShims", "Documents", "Platform", "BuildModel", subprocess],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .target(
            name: "StrictRegistry",
            dependencies: ["TestSupport", "Documents", "Platform", "BuildModel"],
            path: "Tests/StrictRegistry",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "slipway-strict-registry",
            dependencies: ["StrictRegistry"],
            path: "Tests/StrictRegistryServer",
            swiftSettings: strict
        ),
        tests("BuildModelTests", ["Documents", "BuildModel"]),
        tests("PlatformTests", ["Platform", "BuildModel"]),
        tests("TelemetryTests", ["Telemetry", "Documents", "Platform", "BuildModel", logging]),
        tests("DocumentsTests", ["Documents", "BuildModel"]),
        tests("GitStoreTests", ["GitStore", "Platform", "BuildModel"]),
        tests("ImageBuildTests", ["RootFilesystem", "ImageBuild", "Documents", "Platform", "BuildModel"]),
        tests(
            "RootFilesystemTests",
            [
                "RootFilesystem", "slipway-sandbox", "slipway-step", "ImageBuild", "Documents", "Platform",
                "BuildModel",
            ]
        ),
        tests("HTTPTransportTests", ["HTTPTransport", "Platform", "BuildModel"]),
        tests("SettingsTests", ["Settings", "Documents", "Platform", "BuildModel"]),
        tests("RedisTransportTests", ["RedisTransport", "Platform", "BuildModel"]),
        tests("BuildQueueTests", ["BuildQueue", "RedisTransport", "Documents", "Platform", "BuildModel"]),
        tests("BuildpacksTests", ["Buildpacks", "Documents", "Platform", "BuildModel"]),
        tests("RegistryTests", ["StrictRegistry", "Registry", "HTTPTransport", "Documents", "Platform", "BuildModel"]),
        tests("ArchitectureTests", ["Documents", "BuildModel"]),
        tests("KubernetesTests", ["Kubernetes", "HTTPTransport", "Documents", "Platform", "BuildModel"]),
        .executableTarget(
            name: "slipway-step",
            dependencies: ["Sandbox", "ImageBuild", "Documents", "Platform", "BuildModel"],
            path: "Tests/StepProgram",
            swiftSettings: strict
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "Sandbox", "slipway-sandbox", "slipway-step", "Documents", "Platform", "BuildModel", "TestSupport",
            ],
            exclude: ["Probes"],
            swiftSettings: strict
        ),
        tests("WorkerTests", ["Worker", "BuildQueue", "RedisTransport", "Platform", "BuildModel", logging]),
        tests("SystemdTests", ["Settings", "Platform"]),
        tests(
            "StepTests",
            [
                "slipway", "slipway-sandbox", "Worker", "Registry", "HTTPTransport", "Documents", "Platform",
                "BuildModel",
            ]
        ),
        tests("IntegrationTests", ["slipway", "RedisTransport", "Settings", "Documents", "Platform", "BuildModel"]),
    ]
)

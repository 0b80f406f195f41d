import Platform
import TestSupport
import Testing

/// Images of a toolchain that were made from Debian's packages, beside the base images.
struct Toolchain {
    let name: String

    private var directory: String { "\(Cache.directory)/toolchains/\(name)" }

    /// What a registry of the language's packages answers, by path.
    var packages: String { "\(directory)/packages" }

    /// A fixture whose rules find these images.
    func fixture() async throws -> StepFixture {
        let layout = "\(directory)/images"
        try #require(Files.exists("\(layout)/index.json"), "'make toolchain-images' makes the images of \(name)")
        var fixture = try await StepFixture()
        fixture.variables["SLIPWAY_REGISTRIES_LAYOUTS"] = "\(Cache.directory)/base-images,\(layout)"
        return fixture
    }
}

import Platform
import TestSupport
import Testing

/// Images of a toolchain that were made from Debian's packages, beside the base images.
struct Toolchain {
    let name: String

    private var directory: String { "\(Cache.directory)/toolchains/\(name)" }

    /// What a registry of the language's packages answers, by path.
    var packages: String { "\(directory)/packages" }

    /// HOST:PORT of Debian's mirror that the images were made from, and whose packages their apt asks for.
    var mirror: String {
        get throws {
            let text = String(decoding: try Files.read("\(directory)/mirror"), as: UTF8.self)
            let parts = text.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
            try #require(parts.count > 1, "'\(text)' is no address of a mirror")
            if parts[1].contains(":") { return parts[1] }
            return "\(parts[1]):\(parts[0] == "https:" ? 443 : 80)"
        }
    }

    /// Where the images are.
    private var layout: String {
        get throws {
            let layout = "\(directory)/images"
            try #require(Files.exists("\(layout)/index.json"), "'make toolchain-images' makes the images of \(name)")
            return layout
        }
    }

    /// A fixture whose rules find these images, and those of another toolchain.
    func fixture(with other: Toolchain? = nil) async throws -> StepFixture {
        var fixture = try await StepFixture()
        let layouts = try ["\(Cache.directory)/base-images", layout] + [other].compactMap { try $0?.layout }
        fixture.variables["SLIPWAY_REGISTRIES_LAYOUTS"] = layouts.joined(separator: ",")
        return fixture
    }
}

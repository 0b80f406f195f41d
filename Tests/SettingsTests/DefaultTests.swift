import BuildModel
import Settings
import Testing

@Suite("Defaults that depend on the node")
struct DefaultTests {
    @Test("a service's cache is the one that its manager made, a person's is in their own cache")
    func cache() {
        let service = [
            "HOME": "/root", "XDG_CACHE_HOME": "/c", "CACHE_DIRECTORY": "/var/cache/slipway:/var/cache/more",
        ]
        #expect(node.cacheDirectory(environment: service) == "/var/cache/slipway")
        #expect(node.cacheDirectory(environment: ["HOME": "/home/a", "XDG_CACHE_HOME": "/c"]) == "/c/slipway")
        #expect(
            node.cacheDirectory(environment: ["HOME": "/home/a", "XDG_CACHE_HOME": "c"]) == "/home/a/.cache/slipway"
        )
    }

    @Test("a program that was built in a checkout takes the checkout's rules")
    func checkout() {
        let node = NodeFacts(hostName: "h", executablePath: "/home/a/slipway/.build/x86_64/release/slipway")
        #expect(node.buildpackDirectories.contains("/home/a/slipway/buildpacks"))
    }

    @Test("rules are looked for beside the program, then in the system, then here")
    func buildpacks() {
        let beside = "/opt/slipway/share/slipway/buildpacks"
        #expect(node.buildpackDirectories == [beside, "/usr/share/slipway/buildpacks", "./buildpacks"])
        #expect(node.buildpackDirectory { $0.hasPrefix("/opt") } == beside)
        #expect(node.buildpackDirectory { $0.hasPrefix("/usr") } == "/usr/share/slipway/buildpacks")
        #expect(node.buildpackDirectory { _ in false } == "./buildpacks")
    }

    @Test(
        "an image's default name is made of the ids, and only an id that does not fit is changed",
        arguments: [
            ("shop", "d-1", "127.0.0.1:5000/apps/shop:d-1"),
            ("my.shop_1-a", "D_1", "127.0.0.1:5000/apps/my.shop_1-a:D_1"),
            ("Shop", "d", "127.0.0.1:5000/apps/shop-82e69aa5dc17:d"),
            ("shop-", "d", "127.0.0.1:5000/apps/shop-0da3c5b9f5de:d"),
            ("a:b", "x:y", "127.0.0.1:5000/apps/a-b-1ba1ce9e85d3:x-y-2a5d3d8c2a3c"),
        ]
    )
    func defaultImage(_ project: String, _ deployment: String, _ expected: String) throws {
        let registries = try load().registries
        let image = try registries.defaultImage(projectID: project, deploymentID: deployment).description
        #expect(Self.masked(image) == Self.masked(expected))
    }

    @Test("two ids that differ in capitals only do not share an image")
    func distinct() throws {
        let registries = try load().registries
        let names = try ["Shop", "shop", "SHOP", "sHop"].map {
            try registries.defaultImage(projectID: $0, deploymentID: "d").repository
        }
        #expect(Set(names).count == 4)
    }

    @Test("ids as long as the contract allows still make an image")
    func long() throws {
        let registries = try load().registries
        let id = String(repeating: "A", count: 128)
        let image = try registries.defaultImage(projectID: id, deploymentID: id)
        #expect(image.tag == id)
    }

    /// Hash suffixes as `#`: what they are is sha256's affair.
    private static func masked(_ text: String) -> String {
        text.replacing(#/-[0-9a-f]{12}/#, with: "-#")
    }
}

import BuildModel
import Platform
import TestSupport

/// A registry of npm packages on loopback: each of one file, in version 1.0.0, packed as npm packs.
final class PackageRegistry: Sendable {
    private struct Package: Sendable {
        var tarball: [UInt8]
        /// Subresource Integrity, as lock files have it.
        var integrity: String
    }

    private let server: SocketServer
    private let packages: [String: Package]

    var port: Int { server.port }
    var url: String { server.url("/") }

    /// - Parameter sources: the text of `index.js` by the package's name.
    init(_ sources: [String: String]) async throws {
        let scratch = try Scratch()
        var packages: [String: Package] = [:]
        for (name, source) in sources {
            try scratch.write(#"{"name": "\#(name)", "version": "1.0.0"}"#, to: "\(name)/package/package.json")
            try scratch.write(source, to: "\(name)/package/index.js")
            let tarball = try await Command.output(["tar", "-cz", "-C", scratch(name), "package"]).output
            let sum = try await Command.output(["openssl", "dgst", "-sha512", "-binary"], input: tarball).output
            let text = try await Command.output(["base64", "--wrap=0"], input: sum).text
            packages[name] = Package(tarball: tarball, integrity: "sha512-\(text)")
        }
        self.packages = packages
        server = try SocketServer { [packages] request in
            let name = request.target.split(separator: "/").first.map(String.init) ?? ""
            guard let package = packages[name], request.target.hasSuffix(".tgz") else { return request.respond(404) }
            _ = request.readBody()
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(package.tarball.count)\r\n\r\n"
            request.send(Array(head.utf8) + package.tarball)
        }
    }

    /// A lock file that names exactly these packages.
    func lock(dependencies: [String], development: [String]) -> String {
        let versions: ([String]) -> JSONValue = { names in
            .object(Dictionary(uniqueKeysWithValues: names.map { ($0, "1.0.0") }))
        }
        var entries: [String: JSONValue] = [
            "": [
                "name": "web", "version": "1.0.0", "dependencies": versions(dependencies),
                "devDependencies": versions(development),
            ]
        ]
        for name in dependencies + development {
            entries["node_modules/\(name)"] = [
                "version": "1.0.0", "resolved": .string(server.url("/\(name)/-/\(name)-1.0.0.tgz")),
                "integrity": .string(packages[name]?.integrity ?? ""), "dev": .bool(development.contains(name)),
            ]
        }
        let lock: JSONValue = [
            "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": .object(entries),
        ]
        return lock.canonicalText
    }
}

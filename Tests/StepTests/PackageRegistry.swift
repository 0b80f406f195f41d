import BuildModel
import Documents
import Platform
import TestSupport

/// A registry of npm packages on loopback, which has what `scripts/node-packages.sh` packed from Debian's node-* packages.
final class PackageRegistry: Sendable {
    private struct Package: Sendable {
        var file: String
        /// Subresource Integrity, as lock files have it.
        var integrity: String
        var manifest: JSONValue

        var version: String { manifest["version"]?.string ?? "" }
        var dependencies: [String] { manifest["dependencies"]?.object?.keys.sorted() ?? [] }
    }

    private let server: SocketServer
    private let packages: [String: Package]

    var port: Int { server.port }
    var url: String { server.url("/") }
    /// The paths that were asked for.
    var requests: [String] { server.requests }

    /// - Throws: `CommandFailed` where the packages were not made.
    init() throws {
        let store = "\(Cache.directory)/node-packages"
        guard Files.exists("\(store)/index.json") else {
            throw CommandFailed(description: "\(store) is missing: run 'make node-packages'")
        }
        let index = try JSONDocument.parse(try Files.read("\(store)/index.json")).object ?? [:]
        let packages = index.mapValues { entry in
            Package(
                file: entry["file"]?.string ?? "",
                integrity: entry["integrity"]?.string ?? "",
                manifest: entry["manifest"] ?? .null
            )
        }
        self.packages = packages
        server = try SocketServer { Self.answer($0, packages, store: store) }
    }

    /// `/NAME` is a package's document, `/NAME/-/FILE` a version of it.
    private static func answer(_ request: ServedRequest, _ packages: [String: Package], store: String) {
        let parts = request.target.split(separator: "/", maxSplits: 2).map(String.init)
        // A step's proxy asks for one answer on each connection, and clients go by what the answer says.
        defer { request.hangUp() }
        let close = ["Connection": "close"]
        guard let name = parts.first, let package = packages[name] else {
            return request.respond(404, close, body: "{}")
        }
        guard parts.count == 3 else {
            let host = request.headers["host"] ?? ""
            let head = close.merging(["Content-Type": "application/json"]) { $1 }
            return request.respond(200, head, body: document(name, package, at: "http://\(host)/").canonicalText)
        }
        guard parts[2] == package.file, let tarball = try? Files.read("\(store)/\(package.file)") else {
            return request.respond(404, close)
        }
        _ = request.readBody()
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(tarball.count)\r\nConnection: close\r\n\r\n"
        request.send(Array(head.utf8) + tarball)
    }

    private static func document(_ name: String, _ package: Package, at url: String) -> JSONValue {
        var version = package.manifest
        version["dist"] = [
            "tarball": .string("\(url)\(name)/-/\(package.file)"), "integrity": .string(package.integrity),
        ]
        return [
            "name": .string(name), "dist-tags": ["latest": .string(package.version)],
            "versions": .object([package.version: version]),
        ]
    }

    /// What a package's manifest names, and what that names, and so on; with the package itself.
    func closure(of names: [String]) -> Set<String> {
        var found: Set<String> = []
        var left = names
        while let name = left.popLast() {
            if found.insert(name).inserted { left += packages[name]?.dependencies ?? [] }
        }
        return found
    }

    func version(of name: String) -> String { packages[name]?.version ?? "" }

    /// A lock file as npm makes it for an app that names these packages, with all that they depend on.
    func lock(dependencies: [String], development: [String]) -> String {
        var entries: [String: JSONValue] = [
            "": [
                "name": "web", "version": "1.0.0", "dependencies": versions(dependencies),
                "devDependencies": versions(development),
            ]
        ]
        let shipped = closure(of: dependencies)
        for name in closure(of: dependencies + development) {
            guard let package = packages[name] else { continue }
            entries["node_modules/\(name)"] = [
                "version": .string(package.version), "resolved": .string(server.url("/\(name)/-/\(package.file)")),
                "integrity": .string(package.integrity), "dev": .bool(!shipped.contains(name)),
                "dependencies": versions(package.dependencies),
            ]
        }
        let lock: JSONValue = [
            "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": .object(entries),
        ]
        return lock.canonicalText
    }

    /// Names with their versions, as manifests have them.
    func versions(_ names: [String]) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: names.map { ($0, .string(version(of: $0))) }))
    }
}

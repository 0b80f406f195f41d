import Platform
import TestSupport
import Testing

/// Swift's toolchain is larger than all others together, so `make test-swift-app` alone runs this.
@Suite(
    "A Swift app",
    .enabled(if: SystemInformation.environment("SLIPWAY_TEST_SWIFT_APP") != nil, "make test-swift-app")
)
struct SwiftAppTests {
    @Test("a Swift package becomes one program, with the standard library in it, that answers")
    func package() async throws {
        let fixture = try await Toolchain(name: "swift").fixture()
        try fixture.app([
            ".swift-version": "6.0.3\n",
            "Package.swift": """
            // swift-tools-version: 6.0
            import PackageDescription

            let package = Package(name: "web", targets: [.executableTarget(name: "web")])
            """,
            "Sources/web/main.swift": """
            import Glibc

            let page = "hello from swift"
            let answer = "HTTP/1.1 200 OK\\r\\nContent-Length: \\(page.utf8.count)\\r\\nConnection: close\\r\\n\\r\\n" + page
            let port = getenv("PORT").flatMap { UInt16(String(cString: $0)) } ?? 3000
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
            }
            guard bound == 0, listen(listener, 16) == 0 else { exit(1) }
            while true {
                let client = accept(listener, nil, nil)
                var head = [UInt8](repeating: 0, count: 4096)
                _ = recv(client, &head, head.count, 0)
                _ = send(client, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
                close(client)
            }
            """,
        ])
        try await fixture.check(steps: ["build"], page: "hello from swift", otherCache: nil)
        #expect(!Files.exists("\(try await fixture.unpack("1"))/app/Sources"), "the image has the source")
    }
}

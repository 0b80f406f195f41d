import ArgumentParser
import Hummingbird

@main
struct App: AsyncParsableCommand {
    @Option(name: .shortAndLong) var hostname = "127.0.0.1"
    @Option(name: .shortAndLong) var port = 8080

    func run() async throws {
        let router = Router()
        router.get("/") { _, _ in "tick" }
        let app = Application(router: router, configuration: .init(address: .hostname(hostname, port: port)))
        try await app.runService()
    }
}

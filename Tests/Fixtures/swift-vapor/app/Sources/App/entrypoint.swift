import Vapor

@main
enum Entrypoint {
    static func main() async throws {
        let app = try await Application.make(try Environment.detect())
        app.get { _ in "board" }
        try await app.execute()
        try await app.asyncShutdown()
    }
}

import TestSupport
import Testing

extension RealBuildTests {
    @Test(
        "a program writes to its database of SQLite, which is in the repository or is made where it starts",
        arguments: [["visits.db": ""], [:]]
    )
    func sqlite(_ files: [String: String]) async throws {
        let fixture = try await StepFixture()
        let app = """
            import os, sqlite3
            from http.server import BaseHTTPRequestHandler, HTTPServer

            database = sqlite3.connect("visits.db")
            database.execute("CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY)")

            class Page(BaseHTTPRequestHandler):
                def do_GET(self):
                    database.execute("INSERT INTO visits DEFAULT VALUES")
                    database.commit()
                    self.send_response(200)
                    self.end_headers()
                    code = "kept" if os.access("app.py", os.W_OK) is False else "anybody's"
                    self.wfile.write(f"written, and the program is {code}".encode())

            HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()
            """
        try fixture.app(files.merging(["app.py": app]) { _, new in new })
        try await fixture.check(steps: [], page: "written, and the program is kept")
    }
}

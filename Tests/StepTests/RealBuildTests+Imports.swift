import Testing

extension RealBuildTests {
    @Test("an app of one file, beside which nothing lists packages, gets what it imports and answers")
    func imports() async throws {
        let fixture = try await StepFixture()
        try fixture.app([
            "app.py": """
            import os
            import greeting
            from flask import Flask

            app = Flask(__name__)

            @app.get("/")
            def index():
                return greeting.text
            """,
            "greeting.py": "text = 'hello without a list'\n",
        ])
        try await fixture.check(steps: ["install"], page: "hello without a list")
    }
}

import BuildModel
import Testing

@testable import Buildpacks

@Suite("Where a start command that somebody wrote listens")
struct ListenAddressTests {
    @Test(
        "a port is what its one flag or address writes out",
        arguments: [
            ("python -m flask run -h 0.0.0.0 -p 8080", 8080), ("gunicorn -w 4 --bind=0.0.0.0:8000 app:app", 8000),
            ("gunicorn -b :5000 app:app", 5000), ("python manage.py runserver 0.0.0.0:8000", 8000),
            ("php -S 0.0.0.0:8081 -t public", 8081), ("java -Dserver.port=9000 -jar a.jar", 9000),
            ("PORT=4000 node server.js", 4000), ("streamlit run app.py --server.port 8501", 8501),
            ("mkdir -p logs && uvicorn 'main:app' --host 0.0.0.0 --port 8000", 8000),
            ("redis-server --port 6379 & gunicorn app:app", nil), ("pg_isready -h db -p 5432 && gunicorn app:app", nil),
            ("celery -A a worker -b redis://redis:6379/0", nil), ("./app -port 8080", 8080),
            ("./app -addr :8080", 8080),
            ("./app -http=:8080", 8080), ("dotnet a.dll --urls http://0.0.0.0:5000", 5000),
            ("python -m http.server 8000", 8000), ("uvicorn main:app --host 0.0.0.0", 8000),
            ("python manage.py runserver 8000", 8000), ("bundle exec puma -b tcp://0.0.0.0:9292", 9292),
            ("waitress-serve app:app", 8080), ("gunicorn -k uvicorn.workers.UvicornWorker a:b", nil),
            ("gunicorn -b 0.0.0.0:$PORT app:app", nil), ("sh -c 'uvicorn a:b --port ${PORT:-8000}'", nil),
            ("mkdir -p 8 && node server.js", nil), ("node server.js -p 70000", nil), ("a -p 8000 & b -p 9000", 9000),
            ("celery -A app worker -c 4", nil), ("node a.js http://localhost:9200", nil), ("", nil), ("-p", nil),
        ] as [(String, Int?)]
    )
    func port(_ command: String, _ expected: Int?) {
        #expect(ListenAddress(command: command).port == expected)
    }

    @Test(
        "an address of the container's own is seen",
        arguments: [
            ("gunicorn -b 127.0.0.1:${PORT} 'todo:create_app()'", true), ("uvicorn a:b --host localhost", true),
            ("uvicorn a:b --host=127.0.0.1 --port 8000", true), ("gunicorn -b 0.0.0.0:8000 a:b", false),
            ("uvicorn a:b", true), ("uvicorn a:b --host 0.0.0.0 --port $PORT", false),
            ("hypercorn -b :8000 a:b", false),
            ("celery -b redis://localhost:6379", false), ("node a.js redis://127.0.0.1:6379", false),
            ("node server.js", false),
        ]
    )
    func local(_ command: String, _ expected: Bool) {
        #expect(ListenAddress(command: command).isLocal == expected)
    }

    @Test("the plan's port is the start command's, if nobody says another")
    func plan() throws {
        let files = [
            "Procfile": "web: gunicorn -b 127.0.0.1:8000 app:app\n", "app.py": "",
            "requirements.txt": "flask\ngunicorn\n",
        ]
        let own = try BuildpacksTests.plan(files)
        #expect(own.port == 8000 && own.environment["PORT"] == "8000")
        #expect(own.warnings.contains { $0.contains("0.0.0.0") })
        let asked = try BuildpacksTests.plan(files, PlanOptions(port: 80))
        #expect(
            asked.port == 80 && asked.warnings.contains { $0.contains("listens on 8000") }
                && asked.warnings.contains { $0.contains("below 1024") }
        )
        #expect(try BuildpacksTests.plan(["server.js": ""]).port == 3000)
    }
}

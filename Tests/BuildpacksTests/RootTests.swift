import BuildModel
import Platform
import TestSupport
import Testing

@testable import Buildpacks

@Suite("The apps of a repository")
struct RootTests {
    private static let monorepo = [
        "README.md": "", "package.json": "{\"workspaces\": [\"apps/*\"], \"devDependencies\": {\"turbo\": \"2\"}}",
        "turbo.json": "{}",
        "apps/web/package.json": "{\"scripts\": {\"start\": \"next start\"}, \"dependencies\": {\"next\": \"15\"}}",
        "apps/api/requirements.txt": "fastapi\nuvicorn\n", "apps/api/main.py": "app = FastAPI()\n",
        "apps/api/tests/main.py": "", "apps/api/helpers/__main__.py": "",
        "services/mail/go.mod": "module mail\ngo 1.24\n",
        "services/mail/main.go": "package main\nfunc main() {}\n",
        "services/mail/cmd/tool/main.go": "package main\nfunc main() {}\n",
        "libs/ui/package.json": "{\"name\": \"ui\"}", "libs/ui/button.js": "",
        "node_modules/x/package.json": "{\"scripts\": {\"start\": \"node x\"}}",
        ".github/x/package.json": "{\"scripts\": {\"start\": \"node x\"}}",
        "tests/e2e/package.json": "{\"scripts\": {\"start\": \"node x\"}}",
    ]

    @Test("every directory that can be deployed is found, and no part, library or test")
    func monorepo() throws {
        let roots = try shippedRules().roots(tree: MemoryTree(Self.monorepo))
        #expect(roots.map(\.directory) == ["apps/api", "apps/web", "services/mail"])
        #expect(roots.map(\.plan.language) == ["python", "node", "go"])
    }

    @Test("an app at the root does not hide another language below it")
    func nested() throws {
        let files = [
            "manage.py": "import django", "requirements.txt": "Django\n", "shop/settings.py": "", "shop/main.py": "",
            "frontend/package.json":
                "{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"6\"}}",
        ]
        let roots = try shippedRules().roots(tree: MemoryTree(files))
        #expect(roots.map(\.directory) == ["", "frontend"])
    }

    private static let workspace = [
        "package.json": "{\"dependencies\": {\"express\": \"5\"}, \"devDependencies\": {\"nx\": \"20\"}}",
        "package-lock.json": "{}",
        "nx.json": "{}", ".moon/workspace.yml": "projects: ['apps/*']\n",
        "apps/api/project.json":
            "{\"name\": \"shop-api\", \"projectType\": \"application\", \"targets\": {\"build\": {\"executor\": \"@nx/esbuild:esbuild\", \"options\": {\"outputPath\": \"dist/{projectRoot}\"}}}}",
        "apps/api/src/main.ts": "",
        "apps/web/project.json":
            "{\"projectType\": \"application\", \"targets\": {\"build\": {\"executor\": \"@nx/next:build\", \"options\": {\"outputPath\": \"dist/apps/web\"}}}}",
        "libs/ui/project.json":
            "{\"projectType\": \"library\", \"targets\": {\"build\": {\"executor\": \"@nx/js:tsc\"}}}",
        "apps/odd/project.json":
            "{\"name\": \"x; rm -rf /\", \"projectType\": \"application\", \"targets\": {\"build\": {\"executor\": \"@nx/js:tsc\"}}}",
        "apps/mail/moon.yml":
            "layer: application\ntasks:\n  build: {command: tsc}\n  start: {command: [node, dist/main.js]}\n",
        "apps/tool/moon.yml": "layer: tool\ntasks: {build: tsc, start: node x}\n",
    ]

    @Test("projects of Nx and moon without a manifest of their own are found, with the request that builds each")
    func workspace() throws {
        let roots = try shippedRules().roots(tree: MemoryTree(Self.workspace))
        #expect(roots.map(\.directory) == ["apps/api", "apps/mail", "apps/web"])
        #expect(
            roots.map(\.plan.start.text) == [
                "node dist/apps/api/main.js", "cd apps/mail && node dist/main.js",
                "npx next start dist/apps/web --port ${PORT:-3000}",
            ]
        )
        #expect(
            roots.map(\.project?.buildCommand) == [
                "npx nx build shop-api", "npx moon run mail:build", "npx nx build web",
            ]
        )
        #expect(roots.first?.plan.candidates.first?.evidence.first?.file == "apps/api/project.json")
        #expect(
            roots.first?.json["request"] == [
                "rootDirectory": "", "buildCommand": "npx nx build shop-api",
                "startCommand": "node dist/apps/api/main.js",
            ]
        )
        let options = PlanOptions(startCommand: "node dist/apps/api/main.js", buildCommand: "npx nx build shop-api")
        #expect(try plan(Self.workspace, options).steps == roots[0].plan.steps)
    }

    @Test(
        "what Nx builds for browsers is served as pages, without Node",
        arguments: [
            ("@nx/vite:build", #"{"outputPath": "dist/apps/shop"}"#, "dist/apps/shop"),
            ("@nx/vite:build", "{}", "dist/apps/shop"),
            ("@angular-devkit/build-angular:browser", #"{"outputPath": "dist/{projectRoot}"}"#, "dist/apps/shop"),
            ("@angular-devkit/build-angular:application", #"{"outputPath": "out"}"#, "out/browser"),
            ("@angular/build:application", #"{"outputPath": {"base": "out", "browser": ""}}"#, "out"),
            ("@nx/webpack:webpack", #"{"outputPath": "out", "index": "apps/shop/src/index.html"}"#, "out"),
            ("@nx/rspack:rspack", #"{"outputPath": "out", "target": "web"}"#, "out"),
            ("@nx/webpack:webpack", #"{"outputPath": "out"}"#, nil),
            ("@nx/vite:build", #"{"outputPath": "../out"}"#, nil),
            ("@nx/vite:build", #"{"outputPath": "out\n}"}"#, nil),
        ]
    )
    func pages(_ executor: String, _ options: String, _ site: String?) throws {
        let files = [
            "package.json": #"{"devDependencies": {"nx": "20"}}"#, "package-lock.json": "{}", "nx.json": "{}",
            "apps/shop/project.json": """
            {"projectType": "application",
             "targets": {"build": {"executor": "\(executor)", "options": \(options)}}}
            """,
        ]
        let roots = try shippedRules().roots(tree: MemoryTree(files)).filter { $0.directory == "apps/shop" }
        guard let site else { return #expect(roots.isEmpty) }
        let root = try #require(roots.first)
        #expect(root.plan.start.arguments.prefix(2) == ["caddy", "run"])
        #expect(root.plan.runImage.description.contains("caddy"))
        #expect(root.plan.files.first?.content.contains("root * /app/\(site)\n") == true)
        #expect(root.plan.includesSource == false)
        #expect(root.plan.steps.last?.outputs.map(\.path) == ["/app/\(site)"])
        #expect(root.plan.steps.first?.outputs.first?.isShipped == false)
        let environment: JSONValue = ["SLIPWAY_SITE": .string(site)]
        #expect(root.json["request"]?["environmentVariables"] == environment)
        let options = PlanOptions(buildCommand: "npx nx build shop", environment: ["SLIPWAY_SITE": site])
        #expect(try plan(files, options).steps == root.plan.steps)
    }

    private static let boot =
        "<build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>"

    /// A module of Maven below a parent in the directory above it.
    private static func module(_ name: String, _ more: String = "") -> String {
        "<project><parent><artifactId>all</artifactId></parent><artifactId>\(name)</artifactId>\(more)</project>"
    }

    @Test(
        "modules of Maven are built from above, and those that start are apps, in the root or below it",
        arguments: ["", "shop/"]
    )
    func maven(_ above: String) throws {
        let parent =
            "<project><artifactId>all</artifactId><packaging>pom</packaging><modules><module>api</module></modules></project>"
        let web =
            "<dependencies><dependency><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"
        let files = [
            "pom.xml": parent, "api/pom.xml": Self.module("api", Self.boot), "core/pom.xml": Self.module("core"),
            "web/pom.xml": Self.module("web", web), "web/src/main/resources/application.yml": "",
            "core/ui/package.json": #"{"scripts": {"start": "node x.js"}}"#, "core/ui/x.js": "",
            "war/pom.xml": Self.module("war", "<packaging>war</packaging>" + Self.boot),
            "own/pom.xml": "<project><artifactId>own</artifactId>\(Self.boot)</project>",
            "api/src/main/java/A.java":
                "@SpringBootApplication\npublic class A { public static void main(String[] a) {} }",
            "web/src/main/java/A.java":
                "@SpringBootApplication\npublic class A { public static void main(String[] a) {} }",
        ]
        let all = Dictionary(uniqueKeysWithValues: files.map { ("\(above)\($0)", $1) } + [("README.md", "")])
        let roots = try shippedRules().roots(tree: MemoryTree(all))
        #expect(roots.map(\.directory) == ["api", "core/ui", "own", "war", "web"].map { "\(above)\($0)" })
        let api = try #require(roots.first)
        #expect(api.json["request"]?["rootDirectory"] == .string(above.isEmpty ? "" : "shop"))
        #expect(
            api.plan.start.text
                == "exec java $JAVA_OPTS -Dserver.port=${PORT:-3000} -jar $(ls api/target/api-*.jar | grep -v -e '-plain.jar$' -e '-sources.jar$' -e '-javadoc.jar$' | head -n 1)"
        )
        #expect(api.plan.steps.flatMap(\.outputs).contains { $0.path == "/app" && $0.isShipped })
    }

    @Test("a module of Gradle is built from above, and the build of a single app is the root's")
    func gradle() throws {
        let boot =
            "plugins {\n    id(\"org.springframework.boot\")\n}\ndependencies {\n    implementation(\"org.springframework.boot:spring-boot-starter-web\")\n}\n"
        var files = [
            "settings.gradle.kts": "include(\"api\", \"core\")\n", "core/build.gradle.kts": "plugins { java }\n",
            "build.gradle.kts": "plugins {\n    id(\"org.springframework.boot\") version \"3.5.0\" apply false\n}\n",
            "api/build.gradle.kts": boot,
        ]
        #expect(try shippedRules().roots(tree: MemoryTree(files)).map(\.directory) == [""])
        files["web/build.gradle.kts"] = "plugins {\n    alias(libs.plugins.spring.boot)\n}\n" + boot
        let roots = try shippedRules().roots(tree: MemoryTree(files))
        #expect(roots.map(\.directory) == ["api", "web"])
        #expect(roots.first?.plan.start.text.contains("$(ls api/build/libs/*.jar |") == true)
    }

    private static let packages = [
        "package.json": #"{"private": true, "packageManager": "pnpm@9.15.0"}"#,
        "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n  - '!apps/old'\n",
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "apps/api/package.json":
            #"{"scripts": {"start": "node index.js"}, "dependencies": {"express": "5", "@shop/lib": "workspace:*"}}"#,
        "apps/api/index.js": "",
        "apps/docs/package.json":
            #"{"scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15"}}"#,
        "apps/web/package.json":
            #"{"scripts": {"dev": "vite", "build": "vite build"}, "dependencies": {"@shop/lib": "workspace:*"}}"#,
        "apps/old/package.json": #"{"dependencies": {"@shop/lib": "workspace:*"}}"#,
        "apps/jobs/main.py": "", "apps/jobs/requirements.txt": "flask\n",
        "packages/lib/package.json": #"{"name": "@shop/lib", "main": "index.js"}"#, "packages/lib/index.js": "",
    ]

    @Test("packages of a workspace are built from its root, and its libraries are no apps")
    func packages() throws {
        let roots = try shippedRules().roots(tree: MemoryTree(Self.packages))
        #expect(roots.map(\.directory) == ["apps/api", "apps/docs", "apps/jobs", "apps/web"])
        #expect(
            roots.map { $0.json["request"] } == [
                ["rootDirectory": "", "startCommand": "cd apps/api && exec node index.js"],
                [
                    "rootDirectory": "", "startCommand": "cd apps/docs && exec npm start",
                    "buildCommand": "npx pnpm@9.15.0 --filter '{./apps/docs}...' run build",
                ],
                ["rootDirectory": "apps/jobs"],
                [
                    "rootDirectory": "", "environmentVariables": ["SLIPWAY_SITE": "apps/web/dist"],
                    "buildCommand": "npx pnpm@9.15.0 --filter '{./apps/web}...' run build",
                ],
            ]
        )
        #expect(roots.first?.plan.steps.first?.outputs.map(\.path) == ["/app"])
        let failure = #expect(throws: BuildFailure.self) { try plan(Self.packages) }
        let hint =
            "Apps are in 'apps/api' (node), 'apps/docs' (node), 'apps/jobs' (python), 'apps/web' (node): "
            + "'slipway plan --roots' says how each is built."
        #expect(failure?.message.contains(hint) == true)
    }

    @Test("a root's plan is that of the directory alone")
    func samePlan() throws {
        let root = try #require(try shippedRules().roots(tree: MemoryTree(Self.monorepo)).first)
        let alone = try plan(["requirements.txt": "fastapi\nuvicorn\n", "main.py": "app = FastAPI()\n"])
        #expect(root.plan.start == alone.start)
    }
}

@Suite("Plans that are made again")
struct PlanLockTests {
    private static let files = ["main.py": "", "pyproject.toml": "[project]\nrequires-python = \">=3.11\"\n"]

    @Test("a lock keeps versions and image, and reads back as it was written")
    func roundTrip() throws {
        let first = try plan(Self.files)
        var lock = PlanLock(first, found: [first.runImage.held(to: Digest(of: "image"))])
        #expect(try PlanLock(lock.json) == lock)
        #expect(try PlanLock(["lock": lock.json]) == lock)
        lock.versions["python"] = "3.12.1"
        lock.runImage = try ImageReference(parsing: "docker.io/library/python:3.12.1-slim@\(Digest(of: "image"))")
        let again = try plan(Self.files, PlanOptions(lock: lock))
        #expect(again.runImage.description == "docker.io/library/python:3.12.1-slim")
        #expect(again.versions.map(\.source) == ["lock"])
    }

    @Test("all images of a plan are held to their digests, and the plan stays the same; what the lock lacks is told")
    func images() throws {
        let first = try plan(["go.mod": "module a\n\ngo 1.24\n", "main.go": "package main\nfunc main() {}\n"])
        let found = first.images.map { $0.held(to: Digest(of: $0.description)) }
        #expect(Set(found).count > 1)
        let lock = try PlanLock(PlanLock(first, found: found).json)
        let files = MemoryTree(["go.mod": "module a\n\ngo 1.24\n", "main.go": "package main\nfunc main() {}\n"])
        let again = try shippedRules().plan(tree: files, options: PlanOptions(lock: lock))
        #expect([again.heldRunImage] + again.steps.map(\.heldImage) == found)
        #expect(again.digest == first.digest && PlanLock(again) == lock)

        var older = lock
        older.images = [first.runImage.tagged: Digest(of: "run")]
        let floating = try shippedRules().plan(tree: files, options: PlanOptions(lock: older))
        #expect(floating.lockWarnings.contains { $0.contains("no digest of \(first.steps[0].image)") })
        // The lock of a plan that was made without one has none at all, and what is planned with it is the same.
        let bare = try shippedRules().plan(tree: files, options: PlanOptions(lock: PlanLock(first)))
        #expect(bare.digest == first.digest && bare.warnings == first.warnings)
        #expect(bare.lockWarnings.count == Set(first.images).count && first.lockWarnings.isEmpty)
    }

    @Test("a pin keeps what an app was built with while the source allows it")
    func pins() throws {
        #expect(try plan(Self.files, PlanOptions(pins: ["python": "3.12.3"])).versions.first?.version == "3.12.3")
        let unknown = try plan(Self.files, PlanOptions(pins: ["python": "3.10.3"])).versions.first?.version
        #expect(try unknown == Checkout.standardVersion(of: "python"))
    }

    @Test("a rule that has changed, and another language, are refused")
    func mismatch() throws {
        var lock = PlanLock(try plan(Self.files))
        lock.rule.digest = Digest(of: "older")
        let changed = try failure(MemoryTree(Self.files), PlanOptions(lock: lock))
        #expect(changed.code.rawValue == "lock_mismatch")
        #expect(changed.message.contains("rule 'python' has changed since"))
        let other = try failure(MemoryTree(["index.html": ""]), PlanOptions(lock: PlanLock(try plan(Self.files))))
        #expect(other.message.contains("it was made by rule 'python', and this is static"))
    }

    @Test("what is no lock is refused")
    func noLock() {
        #expect(throws: BuildFailure.self) { try PlanLock(["rule": "python"]) }
    }
}

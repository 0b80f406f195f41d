import Platform
import TestSupport
import Testing

extension ToolchainTests {
    /// Answers with a resource of the jar.
    private static let main = """
        package web;

        import com.sun.net.httpserver.HttpServer;
        import java.net.InetSocketAddress;

        public class Main {
            public static void main(String[] words) throws Exception {
                byte[] page = Main.class.getResourceAsStream("/page.txt").readAllBytes();
                int port = Integer.parseInt(System.getenv("PORT"));
                HttpServer server = HttpServer.create(new InetSocketAddress("0.0.0.0", port), 0);
                server.createContext("/", exchange -> {
                    exchange.sendResponseHeaders(200, page.length);
                    exchange.getResponseBody().write(page);
                    exchange.close();
                });
                server.start();
            }
        }
        """

    /// Debian's packages bring what Maven needs as a repository of files, so nothing is fetched.
    @Test("a Java app becomes a jar by Maven that answers on a JRE, the same on every node")
    func maven() async throws {
        let fixture = try await Toolchain(name: "java").fixture()
        let plugins = [
            ("maven-resources-plugin", "3.3.1", ""), ("maven-compiler-plugin", "3.13.0", ""),
            ("maven-surefire-plugin", "2.22.3", ""),
            ("maven-jar-plugin", "3.3.0", "<archive><manifest><mainClass>web.Main</mainClass></manifest></archive>"),
        ].map { name, version, configuration in
            "<plugin><artifactId>\(name)</artifactId><version>\(version)</version>"
                + "<configuration>\(configuration)</configuration></plugin>"
        }
        try fixture.app([
            ".mvn/maven.config": "-o\n-Dmaven.repo.local=/usr/share/maven-repo\n",
            "pom.xml": """
            <project xmlns="http://maven.apache.org/POM/4.0.0">
              <modelVersion>4.0.0</modelVersion>
              <groupId>org.example</groupId>
              <artifactId>web</artifactId>
              <version>1.0</version>
              <properties>
                <maven.compiler.release>21</maven.compiler.release>
                <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
                <project.build.outputTimestamp>2025-01-01T00:00:00Z</project.build.outputTimestamp>
              </properties>
              <build><plugins>\(plugins.joined())</plugins></build>
            </project>
            """,
            "src/main/resources/page.txt": "hello from java",
            "src/main/java/web/Main.java": Self.main,
        ])
        try await fixture.check(steps: ["build"], page: "hello from java")
        #expect(try await !Files.exists("\(fixture.unpack("1"))/usr/share/maven"), "the image has the tool")
    }

    /// Debian's Gradle is of 2018, and builds with the Java of today.
    @Test("a Java app becomes a program with its jars by Gradle's application plugin, which answers on a JRE")
    func gradle() async throws {
        let fixture = try await Toolchain(name: "java").fixture()
        try fixture.app([
            ".java-version": "21\n",
            "settings.gradle": "rootProject.name = 'web'\n",
            "build.gradle": "plugins {\n    id 'application'\n}\n\nmainClassName = 'web.Main'\n",
            "src/main/resources/page.txt": "hello from gradle",
            "src/main/java/web/Main.java": Self.main,
        ])
        // A jar has the times of its files.
        try await fixture.check(steps: ["build"], page: "hello from gradle", otherCache: nil)
    }

    @Test("and one jar that starts by itself, where the app's own build says what it starts")
    func gradleJar() async throws {
        let fixture = try await Toolchain(name: "java").fixture()
        let jar = "jar {\n    manifest {\n        attributes 'Main-Class': 'web.Main'\n    }\n}\n"
        try fixture.app([
            ".java-version": "21\n",
            "build.gradle": "plugins {\n    id 'java'\n}\n\n\(jar)",
            "src/main/resources/page.txt": "hello from a jar of gradle",
            "src/main/java/web/Main.java": Self.main,
        ])
        try await fixture.check(steps: ["build"], page: "hello from a jar of gradle", otherCache: nil)
    }
}

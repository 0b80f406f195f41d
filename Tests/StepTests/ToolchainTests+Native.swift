import Platform
import TestSupport
import Testing

extension ToolchainTests {
    private static let toolchain = Toolchain(name: "cpp")

    /// Answers each connection with what `page` says; C that no compiler of C++ takes.
    private static let server = """
        #include <netinet/in.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        #include "page.h"

        int main(void) {
            struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT")))};
            int class = socket(AF_INET, SOCK_STREAM, 0);
            if (bind(class, (struct sockaddr *)&address, sizeof address) || listen(class, 16)) return 1;
            for (;;) {
                int client = accept(class, NULL, NULL);
                char *head = malloc(4096);
                if (read(client, head, 4096) < 0) return 1;
                dprintf(client, "HTTP/1.1 200 OK\\r\\nContent-Length: %zu\\r\\nConnection: close\\r\\n\\r\\n%s", strlen(page()), page());
                free(head);
                close(client);
            }
        }

        """

    private static let header = """
        #ifdef __cplusplus
        extern "C"
        #endif
        const char *page(void);

        """

    /// The server, and a page by C++ that needs its library.
    private static func app(_ name: String, _ more: [String: String] = [:]) -> [String: String] {
        [
            "src/main.c": server, "src/page.h": header,
            "src/page.cpp": """
            #include <string>
            #include "page.h"

            static const std::string text = std::string("hello from ") + "\(name)";
            const char *page() { return text.c_str(); }

            """,
        ].merging(more) { $1 }
    }

    @Test("files of C and C++ alone are compiled, each as its own language, and answer")
    func files() async throws {
        let fixture = try await Self.toolchain.fixture()
        try fixture.app(Self.app("files"))
        try await fixture.check(steps: ["build"], page: "hello from files")
        #expect(!Files.exists("\(try await fixture.unpack("1"))/app/src"), "the image has the source")
    }

    @Test("what a Makefile makes is the image's program, and answers")
    func make() async throws {
        let fixture = try await Self.toolchain.fixture()
        let makefile = """
            TARGET = web

            $(TARGET): src/main.o src/page.o
            	$(CXX) -o $@ $^

            clean:
            	rm -f $(TARGET) src/*.o

            """
        try fixture.app(Self.app("make", ["Makefile": makefile]))
        try await fixture.check(steps: ["build"], page: "hello from make")
    }

    @Test("CMake and Ninja are installed from Debian's mirror in a step, and what they make answers")
    func cmake() async throws {
        var fixture = try await Self.toolchain.fixture()
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = try Self.toolchain.mirror
        let lists = """
            cmake_minimum_required(VERSION 3.20)
            project(web LANGUAGES C CXX)
            add_executable(web src/main.c src/page.cpp)

            """
        try fixture.app(Self.app("cmake", ["CMakeLists.txt": lists]))
        // The tools alone take most of a minute; that compilers make the same twice is seen above.
        try await fixture.check(steps: ["tools", "build"], page: "hello from cmake", otherCache: nil)
    }
}

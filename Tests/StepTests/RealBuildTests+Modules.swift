import Platform
import TestSupport
import Testing

extension RealBuildTests {
    @Test("a Go app gets its modules from the proxy that the request names, and its binary answers")
    func goModules() async throws {
        var fixture = try await StepFixture()
        let proxy = try await ModuleProxy(
            in: fixture.scratch,
            source: "package greet\n\nfunc Hello(name string) string { return \"hello from \" + name }\n"
        )
        fixture.variables["SLIPWAY_STEPS_HOSTS"] = proxy.host
        fixture.variables["GOPROXY"] = proxy.url
        fixture.secrets = ["GOPROXY"]
        try fixture.app([
            ".go-version": "1.24.4\n",
            "go.mod": "module example.org/web\n\ngo 1.24\n\nrequire example.org/greet v1.0.0\n",
            "go.sum": proxy.sums,
            "main.go": """
            package main

            import (
            	"net"
            	"os"
            	"strconv"

            	"example.org/greet"
            )

            func main() {
            	listener, err := net.Listen("tcp", ":"+os.Getenv("PORT"))
            	if err != nil {
            		panic(err)
            	}
            	page := greet.Hello("modules")
            	head := "HTTP/1.1 200 OK\\r\\nContent-Length: " + strconv.Itoa(len(page)) + "\\r\\nConnection: close\\r\\n\\r\\n"
            	for {
            		if client, err := listener.Accept(); err == nil {
            			client.Read(make([]byte, 4096))
            			client.Write([]byte(head + page))
            			client.Close()
            		}
            	}
            }
            """,
        ])
        try await fixture.check(steps: ["modules", "build"], page: "hello from modules", otherCache: nil)
        #expect(!Files.exists("\(try await fixture.unpack("1"))/go/pkg"), "the image has the modules")
    }
}

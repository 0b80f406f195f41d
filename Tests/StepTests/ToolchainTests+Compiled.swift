import Platform
import TestSupport
import Testing

extension ToolchainTests {
    @Test("a Rust app of two packages becomes one binary that answers")
    func rust() async throws {
        let fixture = try await Toolchain(name: "rust").fixture()
        try fixture.app([
            "rust-toolchain.toml": "[toolchain]\nchannel = \"1.85.1\"\n",
            "Cargo.toml": """
            [package]
            name = "web"
            version = "0.1.0"
            edition = "2021"

            [dependencies]
            greet = { path = "greet" }
            """,
            "Cargo.lock": """
            version = 4

            [[package]]
            name = "greet"
            version = "0.1.0"

            [[package]]
            name = "web"
            version = "0.1.0"
            dependencies = [
             "greet",
            ]

            """,
            "greet/Cargo.toml": "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
            "greet/src/lib.rs": "pub fn hello(name: &str) -> String { format!(\"hello from {name}\") }\n",
            "src/main.rs": """
            use std::io::{Read, Write};
            use std::net::TcpListener;

            fn main() {
                let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
                let listener = TcpListener::bind(("0.0.0.0", port)).unwrap();
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let mut head = [0; 4096];
                    let _ = stream.read(&mut head);
                    let page = greet::hello("rust");
                    let _ = write!(stream, "HTTP/1.1 200 OK\\r\\nContent-Length: {}\\r\\nConnection: close\\r\\n\\r\\n{page}", page.len());
                }
            }
            """,
        ])
        try await fixture.check(steps: ["build"], page: "hello from rust")
        #expect(!Files.exists("\(try await fixture.unpack("1"))/app/src"), "the image has the source")
    }
}

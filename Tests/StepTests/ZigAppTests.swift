import Platform
import TestSupport
import Testing

/// Zig's compiler is a wheel of Python's index, of which a base image has the interpreter.
@Suite("A Zig app")
struct ZigAppTests {
    private static let page = "hello from zig"

    private static var server: String {
        """
        const std = @import("std");

        pub fn main() !void {
            const port = try std.fmt.parseInt(u16, std.posix.getenv("PORT") orelse "3000", 10);
            const address = try std.net.Address.parseIp("0.0.0.0", port);
            var server = try address.listen(.{ .reuse_address = true });
            while (true) {
                const connection = try server.accept();
                defer connection.stream.close();
                var head: [4096]u8 = undefined;
                _ = try connection.stream.read(&head);
                try connection.stream.writeAll("HTTP/1.1 200 OK\\r\\nContent-Length: \(page.utf8.count)\\r\\n" ++
                    "Connection: close\\r\\n\\r\\n\(page)");
            }
        }

        """
    }

    @Test("a build.zig is built by the wheel's compiler into a program that answers")
    func build() async throws {
        var fixture = try await StepFixture()
        // Debian's Python keeps pip from what dpkg installs, as the official image does not.
        fixture.variables["SLIPWAY_STEPS_ENVIRONMENT"] = "PIP_BREAK_SYSTEM_PACKAGES=1"
        try fixture.app([
            "build.zig": """
            const std = @import("std");

            pub fn build(b: *std.Build) void {
                const program = b.addExecutable(.{
                    .name = "web",
                    .root_source_file = b.path("src/main.zig"),
                    .target = b.standardTargetOptions(.{}),
                    .optimize = b.standardOptimizeOption(.{}),
                });
                b.installArtifact(program);
            }

            """,
            "src/main.zig": Self.server,
        ])
        try await fixture.check(steps: ["build"], page: Self.page, otherCache: nil)
        #expect(!Files.exists("\(try await fixture.unpack("1"))/app/src"), "the image has the source")
    }
}

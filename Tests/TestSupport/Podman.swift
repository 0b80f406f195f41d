internal import Platform

/// podman with storage of a test's own: runs an image as a user's machine would. Cleans up with its last reference.
package final class Podman: Sendable {
    private let scratch: Scratch
    private let name: String

    package init() throws {
        scratch = try Scratch()
        name = "slipway-test-\(UInt32.random(in: 0 ... .max))"
    }

    /// runc, since crun refuses hybrid cgroups; limits lowered, since raising them needs a privilege that virtual machines lack.
    private var base: [String] {
        [
            "podman", "--root", scratch("root"), "--runroot", scratch("run"), "--cgroup-manager", "cgroupfs",
            "--events-backend", "none", "--runtime", "runc",
        ]
    }

    /// Pulls an image from a registry without TLS.
    package func pull(_ image: String) async throws {
        try await Command.output(base + ["pull", "--quiet", "--tls-verify=false", image])
    }

    /// Mounts a pulled image's files; returns where. `remove` takes them away again.
    package func mount(_ image: String) async throws -> String {
        try await Command.output(base + ["image", "mount", image]).lines.first ?? ""
    }

    /// Starts a pulled image in the background, on the host's network, told a port in `PORT`.
    package func start(_ image: String, port: Int, environment: [String: String] = [:]) async throws {
        let variables = environment.merging(["PORT": "\(port)"]) { $1 }.flatMap { ["--env", "\($0)=\($1)"] }
        try await Command.output(
            base + ["run", "--detach", "--name", name, "--network", "host"] + variables + [
                "--cap-drop", "all", "--security-opt", "no-new-privileges", "--ulimit", "nofile=4096:4096",
                "--ulimit", "nproc=4096:4096", image,
            ]
        )
    }

    /// What the container has written.
    package func logs() async throws -> String {
        let result = try await Command.result(base + ["logs", name])
        return result.text + result.errorText
    }

    /// Ends the container and removes podman's storage, which holds mounts.
    package func remove() async throws {
        // A program that ends while it is being ended makes podman give up.
        try await eventually("podman removes \(name)", within: .seconds(60)) {
            try await Command.result(base + ["rm", "--force", "--time", "1", "--ignore", name]).succeeded
        }
        try await Command.output(base + ["image", "unmount", "--all", "--force"])
        try await Command.output(base + ["unmount", "--all", "--force"])
    }
}

internal import BuildModel

extension RuntimeConfiguration {
    var mounts: [JSONValue] {
        let system = [
            Self.mount("proc", "proc", at: "/proc", ["nosuid", "noexec", "nodev"]),
            Self.mount("tmpfs", "tmpfs", at: "/dev", ["nosuid", "noexec", "strictatime", "mode=755", "size=65536k"]),
            Self.mount(
                "devpts",
                "devpts",
                at: "/dev/pts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
            ),
            Self.mount("tmpfs", "shm", at: "/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            // On the step's disk, whose size is bounded, and not part of what it changed.
            Self.bind("/tmp/disk/tmp", at: "/tmp", ["rw", "nosuid", "nodev"]),
        ]
        let caches = step.caches.enumerated().map { number, cache in
            Self.bind("/tmp/c/\(number)", at: cache.mount.path, ["rw", "nosuid", "nodev"])
        }
        let small = files.all.map {
            Self.bind("/tmp/files/\($0.name)", at: $0.path, ["ro", "nosuid", "nodev", "noexec"])
        }
        return system + caches + small
    }

    /// What has to be there to be mounted onto, as the helper wants it: `d` or `f` and the path.
    var stubs: [String] {
        let directories = ["/proc", "/dev", "/tmp", step.step.workingDirectory] + step.caches.map(\.mount.path)
        return directories.map { "d\($0)" } + files.all.map { "f\($0.path)" }
    }

    private static func mount(_ type: String, _ source: String, at path: String, _ options: [String]) -> JSONValue {
        [
            "type": .string(type), "source": .string(source), "destination": .string(path),
            "options": .array(options.map { .string($0) }),
        ]
    }

    private static func bind(_ source: String, at path: String, _ options: [String]) -> JSONValue {
        mount("bind", source, at: path, ["bind"] + options)
    }
}

import BuildModel
import ImageBuild
import Platform
import TestSupport
import Testing

@Suite("Outputs of a step as a layer")
struct ChangeCaptureTests {
    @Test("only outputs are in it, and directories that lead to them look as the step saw them")
    func outputs() async throws {
        let fixture = try StepFixture()
        try await fixture.prepare("mkdir -p opt/other; chmod 1777 opt; chown 5:6 opt; touch opt/other/f")
        try await fixture.step(
            "mkdir -p opt/venv/bin var; echo x >opt/venv/bin/run; echo y >opt/other/g; echo z >var/log"
        )
        let captured = try fixture.capture(["/opt/venv", "/nowhere/at/all"])
        #expect(
            try await fixture.listing(captured) == [
                "drwxrwxrwt 5/6 0 opt/", "drwxr-xr-x 0/0 0 opt/venv/", "drwxr-xr-x 0/0 0 opt/venv/bin/",
                "-rw-r--r-- 0/0 2 opt/venv/bin/run",
            ]
        )
        #expect(captured.missing == ["/nowhere/at/all"])
    }

    @Test("what the app may write to has its group, which may do what the owner may")
    func writable() async throws {
        let fixture = try StepFixture()
        try await fixture.prepare("mkdir -p app/var")
        try await fixture.step(
            "mkdir -p app/var/cache/prod app/bin; echo x >app/var/cache/prod/f; ln -s f app/var/cache/prod/l;"
                + " echo y >app/bin/run; chmod 755 app/bin/run; cp app/bin/run app/var/cache/run; chmod 600 app/var/cache/prod/f"
        )
        let writable = WritableDirectories(paths: ["/app/var"], group: 65_532)
        #expect(
            try await fixture.listing(try fixture.capture(["/app/bin", "/app/var/cache"], writable: writable)) == [
                "drwxr-xr-x 0/0 0 app/", "drwxr-xr-x 0/0 0 app/bin/", "-rwxr-xr-x 0/0 2 app/bin/run",
                "drwxrwxr-x 0/65532 0 app/var/", "drwxrwxr-x 0/65532 0 app/var/cache/",
                "drwxrwxr-x 0/65532 0 app/var/cache/prod/", "-rw-rw---- 0/65532 2 app/var/cache/prod/f",
                "lrwxrwxrwx 0/0 0 app/var/cache/prod/l -> f", "-rwxrwxr-x 0/65532 2 app/var/cache/run",
            ]
        )
    }

    @Test("but a file with several names stays as it is, for its mode is that of all", arguments: [true, false])
    func shared(isOutsideFirst: Bool) async throws {
        let fixture = try StepFixture()
        let other = isOutsideFirst ? "app/bin" : "app/zoo"
        try await fixture.step(
            "mkdir -p app/var \(other); echo x >app/var/own; echo y >app/var/shared; ln app/var/shared \(other)/tool"
        )
        let writable = WritableDirectories(paths: ["/app/var"], group: 65_532)
        let lines = try await fixture.listing(try fixture.capture(["/app"], writable: writable))
        #expect(lines.contains("-rw-rw-r-- 0/65532 2 app/var/own"), "\(lines)")
        let names = ["app/var/shared", "\(other)/tool"]
        let (first, second) = isOutsideFirst ? (names[1], names[0]) : (names[0], names[1])
        #expect(lines.contains("-rw-r--r-- 0/0 2 \(first)"), "\(lines)")
        #expect(lines.contains("hrw-r--r-- 0/0 0 \(second) link to \(first)"), "\(lines)")
    }

    @Test("an output behind a link is where the link leads")
    func links() async throws {
        let fixture = try StepFixture()
        try await fixture.prepare("mkdir -p usr/lib a; ln -s usr/lib lib; ln -s ../lib/deep a/l")
        try await fixture.step("mkdir lib/deep; echo x >lib/deep/f")
        #expect(
            try await fixture.listing(try fixture.capture(["/a/l/f", "/lib/deep/f"])) == [
                "drwxr-xr-x 0/0 0 usr/", "drwxr-xr-x 0/0 0 usr/lib/", "drwxr-xr-x 0/0 0 usr/lib/deep/",
                "-rw-r--r-- 0/0 2 usr/lib/deep/f",
            ]
        )
    }

    @Test("deletions come before what is in their directory, and emptied directories say so")
    func deletions() async throws {
        let fixture = try StepFixture()
        try await fixture.prepare("mkdir -p d/e d/k; touch d/a d/z d/e/x; mkdir out; touch out/f")
        try await fixture.step("rm d/a d/z; touch d/.b; rm -r d/e; mkdir d/e; touch d/e/new; rm -r out")
        #expect(
            try await fixture.listing(try fixture.capture(["/d", "/out"])) == [
                "drwxr-xr-x 0/0 0 d/", "---------- 0/0 0 d/.wh.a", "---------- 0/0 0 d/.wh.z", "-rw-r--r-- 0/0 0 d/.b",
                "drwxr-xr-x 0/0 0 d/e/", "---------- 0/0 0 d/e/.wh..wh..opq", "-rw-r--r-- 0/0 0 d/e/new",
                "---------- 0/0 0 .wh.out",
            ]
        )
    }

    @Test("an output in an emptied directory hides what was there, but its neighbours are not touched")
    func emptiedParent() async throws {
        let fixture = try StepFixture()
        try await fixture.prepare("mkdir -p opt/venv opt/other; touch opt/venv/old")
        try await fixture.step("rm -r opt; mkdir -p opt/venv; touch opt/venv/new")
        #expect(
            try await fixture.listing(try fixture.capture(["/opt/venv"])) == [
                "drwxr-xr-x 0/0 0 opt/", "drwxr-xr-x 0/0 0 opt/venv/", "---------- 0/0 0 opt/venv/.wh..wh..opq",
                "-rw-r--r-- 0/0 0 opt/venv/new",
            ]
        )
    }

    @Test(
        "an output that is gone with a directory above it is deleted, and nothing else in there is",
        arguments: [
            ("rm -r app/public; mkdir app/public", ["app/", "app/public/", "app/public/.wh.build"]),
            ("rm -r app/public", ["app/", "app/public/.wh.build"]),
            ("rm -r app/public; touch app/public", ["app/", "app/public/.wh.build"]),
            ("rm -r app; mkdir app", ["app/", "app/public/.wh.build"]),
            ("rm -r app", ["app/public/.wh.build"]), ("touch app/new", []), ("rm app/public/other/x", []),
            ("rm -r app/public/build", ["app/", "app/public/", "app/public/.wh.build"]),
            ("mkdir app/gone; rm -r app/gone", []),
        ]
    )
    func goneAbove(_ script: String, _ expected: [String]) async throws {
        let fixture = try StepFixture()
        try await fixture.prepare(
            "mkdir -p app/public/build app/public/other; touch app/public/build/old app/public/other/x"
        )
        try await fixture.step(script)
        let captured = try fixture.capture(["/app/public/build", "/app/gone/deep"])
        let listing = captured.layer == nil ? [] : try await fixture.listing(captured)
        let names = listing.map { String($0.split(separator: " ").last ?? "") }
        #expect(names == expected)
        #expect((captured.layer == nil) == expected.isEmpty)
    }

    @Test("files with holes are bounded by what they seem to be")
    func holes() async throws {
        let fixture = try StepFixture()
        try await fixture.step("mkdir o; for i in 1 2 3; do truncate -s 20M o/$i; done")
        let failure = #expect(throws: BuildFailure.self) { try fixture.capture(["/o"], maximumBytes: 50 << 20) }
        #expect(failure?.code == .limitExceeded && failure?.fault == .code)
        #expect(try fixture.capture(["/o"], maximumBytes: 60 << 20).layer != nil)
    }

    @Test("a file may be as large as all of them, whatever is allowed in a source")
    func large() async throws {
        let fixture = try StepFixture()
        try await fixture.step("mkdir o; truncate -s 3M o/large")
        let captured = try fixture.capture(["/o"], maximumBytes: 3 << 20, maximumBlobBytes: 1 << 20)
        #expect(try await fixture.listing(captured).contains("-rw-r--r-- 0/0 3145728 o/large"))
    }

    @Test("attributes whose names are no text are left out")
    func attributes() async throws {
        let fixture = try StepFixture()
        try await fixture.step(
            """
            mkdir o; touch o/f
            python3 -c 'import os; os.setxattr(b"o/f", b"user.\\xff", b"x"); os.setxattr("o/f", "user.kept", b"y")'
            """
        )
        let tar = try await fixture.tar(try fixture.capture(["/o"]))
        #expect(tar.firstRange(of: Array("SCHILY.xattr.user.kept=y".utf8)) != nil)
    }

    @Test("what the runtime made to mount on is left out, and sockets are, which is told once")
    func leftOut() async throws {
        let fixture = try StepFixture()
        try await fixture.step(
            """
            mkdir -p out/cache/x; touch out/cache/x/f out/script out/f
            python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("out/s")'
            """
        )
        let captured = try fixture.capture(["/out"], excluding: ["/out/cache", "/out/script"])
        #expect(try await fixture.listing(captured) == ["drwxr-xr-x 0/0 0 out/", "-rw-r--r-- 0/0 0 out/f"])
        #expect(captured.note == "the socket '/out/s' is left out, which no image can have")
        try await fixture.step(
            """
            mkdir out/a
            python3 -c 'import socket; [socket.socket(socket.AF_UNIX).bind(f"out/a/{n}\\x1b") for n in range(3)]'
            """
        )
        let more = try fixture.capture(["/out"], excluding: ["/out/cache", "/out/script"])
        #expect(more.note == "4 sockets are left out, which no image can have; the first is '/out/a/0\u{fffd}'")
        #expect(try fixture.capture(["/out/f"]).note == nil)
    }

    @Test("hard links are of the first name, links keep their targets, holes are zeros, pipes stay")
    func kinds() async throws {
        let fixture = try StepFixture()
        try await fixture.step(
            "mkdir o; cd o; echo x >b; ln b a; ln b c; ln -s /b l; mkfifo -m 640 p; truncate -s 3M hole"
        )
        #expect(
            try await fixture.listing(try fixture.capture(["/o"])) == [
                "drwxr-xr-x 0/0 0 o/", "-rw-r--r-- 0/0 2 o/a", "hrw-r--r-- 0/0 0 o/b link to o/a",
                "hrw-r--r-- 0/0 0 o/c link to o/a", "-rw-r--r-- 0/0 3145728 o/hole", "lrwxrwxrwx 0/0 0 o/l -> /b",
                "prw-r----- 0/0 0 o/p",
            ]
        )
    }

    @Test("owners are those of the sandbox, and capabilities lose its user namespace")
    func owners() async throws {
        let fixture = try StepFixture()
        let capability = "01000003" + "00200000" + "00000000" + "00000000" + "00000000" + "a0860100"
        try await fixture.step(
            """
            mkdir o; touch o/ping o/mine; chown -R 100000:100000 o; chown 101000:165535 o/mine
            python3 -c 'import os; os.setxattr("o/ping", "security.capability", bytes.fromhex("\(capability)"))'
            """
        )
        let captured = try fixture.capture(["/o"], firstID: 100_000, idCount: 65_536)
        #expect(
            try await fixture.listing(captured) == [
                "drwxr-xr-x 0/0 0 o/", "-rw-r--r-- 1000/65535 0 o/mine", "-rw-r--r-- 0/0 0 o/ping",
            ]
        )
        let tar = try await fixture.tar(captured)
        let record = Array("SCHILY.xattr.security.capability=".utf8) + [1, 0, 0, 2, 0, 0x20]
        #expect(tar.firstRange(of: record) != nil)
    }

    @Test("equal changes are equal layers, whenever and in whatever order they were made")
    func deterministic() async throws {
        let (one, two) = (try StepFixture(), try StepFixture())
        try await one.step("mkdir o; for i in $(seq 300); do echo $i >o/$i; done; seq 400000 >o/large")
        try await two.step(
            "mkdir o; seq 400000 >o/large; for i in $(seq 300 -1 1); do echo $i >o/$i; done; touch -d @5 o/7"
        )
        let layers = try [one.capture(["/o"]), two.capture(["/o"])].map { try #require($0.layer) }
        #expect(layers[0].blob.descriptor.digest == layers[1].blob.descriptor.digest)
        #expect(layers[0].diffID == layers[1].diffID)
    }

    @Test("a step that changed none of its outputs has no layer")
    func unchanged() async throws {
        let fixture = try StepFixture()
        try await fixture.prepare("mkdir -p opt/venv")
        try await fixture.step("touch elsewhere opt/beside")
        let captured = try fixture.capture(["/opt/venv"])
        #expect(captured.layer == nil && captured.missing.isEmpty)
    }

    /// What a step does, and how its refusal is called and which words it has.
    struct Refusal: Sendable, CustomStringConvertible {
        var description: String
        var code: BuildFailure.Code
        var words: String

        init(_ script: String, _ code: BuildFailure.Code, _ words: String) {
            description = script
            self.code = code
            self.words = words
        }
    }

    private static let deep = #"os.chdir("o"); [(os.mkdir("d" * 100), os.chdir("d" * 100)) for i in range(60)]"#

    private static let nested = #"os.chdir("o"); [(os.mkdir("d"), os.chdir("d")) for i in range(256)]"#

    @Test(
        "what no layer can hold is refused by name",
        arguments: [
            Refusal("touch o/.wh.evil", .reservedName, "o/.wh.evil"),
            Refusal("mkdir o/.wh..wh..opq", .reservedName, "o/.wh..wh..opq"),
            Refusal("ln -s x o/.wh.l", .reservedName, "o/.wh.l"),
            Refusal("mknod o/null c 1 3", .unsafePath, "device"),
            Refusal("touch o/f; chown 70000 o/f", .unsafePath, "owner 70000"),
            Refusal("python3 -c 'import os; \(deep)'", .unsafePath, "4095"),
            Refusal("python3 -c 'import os; \(nested)'", .limitExceeded, "more than 256"),
        ]
    )
    func refused(refusal: Refusal) async throws {
        let fixture = try StepFixture()
        try await fixture.step("mkdir o; \(refusal)")
        let failure = #expect(throws: BuildFailure.self) { _ = try fixture.capture(["/o"], idCount: 65_536) }
        #expect(failure?.code == refusal.code, "\(String(describing: failure))")
        #expect(failure?.message.contains(refusal.words) == true, "\(String(describing: failure))")
    }
}

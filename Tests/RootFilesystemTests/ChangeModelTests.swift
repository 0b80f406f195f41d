import BuildModel
import ImageBuild
import Platform
import RootFilesystem
import TestSupport
import Testing

@Suite("Changes of a step, against what it saw")
struct ChangeModelTests {
    @Test(
        "any changes, captured and unpacked over the base by umoci and by us, give what the step saw",
        arguments: 1...6
    )
    func model(seed: Int) async throws {
        let fixture = try StepFixture()
        try await fixture.prepare(["python3", "-c", Self.program, "\(seed)", "base"])
        try await fixture.step(["python3", "-c", Self.program, "\(seed)", "step"])
        let captured = try fixture.capture(["/"])
        let seen = try await TreeListing.lines(
            ofOverlay: [fixture.lower],
            upper: fixture.upper,
            work: fixture.work,
            times: false
        ).filter { !$0.contains(" 0o14") }
        #expect(seen.count > 8)

        let baseTar = fixture.scratch("base.tar")
        try await Command.output(
            [
                "tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--format=pax", "--sort=name", "-cf",
                baseTar,
                ".",
            ],
            in: fixture.lower
        )
        let stepTar = fixture.scratch("step.tar")
        try Files.writeAtomically(try await fixture.tar(captured), to: stepTar)
        let layout = fixture.scratch("layout")
        try await Command.output(["umoci", "init", "--layout", layout])
        try await Command.output(["umoci", "new", "--image", "\(layout):t"])
        for tar in [baseTar, stepTar] {
            try await Command.output(["umoci", "raw", "add-layer", "--image", "\(layout):t", tar])
        }
        try await Command.output(["umoci", "unpack", "--image", "\(layout):t", fixture.scratch("bundle")])
        let theirs = try await TreeListing.lines(of: fixture.scratch("bundle/rootfs"), times: false)
        #expect(theirs == seen, "\(Set(theirs).symmetricDifference(seen).sorted().prefix(20))")

        let store = try Fixture()
        let layer = FilesystemLayer(try #require(captured.layer))
        let lease = try await store.store.lease([Fixture.layer(tar: try Files.read(baseTar, limit: 1 << 30)), layer])
        let ours = try await TreeListing.lines(ofOverlay: lease.lowerDirectories, times: false)
        #expect(ours == seen, "\(Set(ours).symmetricDifference(seen).sorted().prefix(20))")
    }

    /// Makes a tree, or changes the one that is there, at random; in the directory where it is started.
    private static let program = """
        import os, random, shutil, socket, stat, struct, sys
        seed, phase = int(sys.argv[1]), sys.argv[2]
        r = random.Random(seed * 2 + (phase == "step"))
        cap = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)

        def entries():
            found = []
            for top, directories, files in os.walk("."):
                found += [(top + "/" + name) for name in directories + files]
            return sorted(found)

        def kind(path): return stat.S_IFMT(os.lstat(path).st_mode)
        def pick(*kinds):
            found = [path for path in entries() if kind(path) in kinds]
            return r.choice(found) if found else None
        def directory():
            return r.choice(["."] + [path for path in entries() if kind(path) == stat.S_IFDIR])
        def name():
            plain = "".join(r.choice("abcdef.-_ ") for _ in range(r.choice([1, 3, 9, 60])))
            return (r.choice(["n", "gr\\u00fc\\u00df", "\\U0001f389", "x" * 120]) + plain).strip()[:80]
        def fresh():
            while True:
                path = directory() + "/" + name()
                if not os.path.lexists(path): return path
        def file():
            path = fresh()
            with open(path, "wb") as f:
                if r.random() < 0.1: f.seek(r.randrange(3 << 20))
                f.write(r.randbytes(r.choice([0, 1, 700, 5000, 300000, 1500000])))
            return path
        def attributes():
            path = pick(stat.S_IFREG, stat.S_IFDIR)
            if not path: return
            # An extended record without a value deletes it, for readers that take POSIX at its word.
            os.setxattr(path, "user." + r.choice("abc"), r.randbytes(r.randrange(1, 30)))
        def capability():
            path = pick(stat.S_IFREG)
            if path: os.setxattr(path, "security.capability", cap)
        def hard():
            # GNU tar, which packs the base, forgets hard links of pipes.
            path = pick(stat.S_IFREG, stat.S_IFREG if phase == "base" else stat.S_IFIFO)
            if path: os.link(path, fresh())
        def delete():
            path = pick(stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO)
            if path: os.unlink(path)
        def tree():
            # The deepest of some, so that something remains.
            found = [path for path in (pick(stat.S_IFDIR) for _ in range(4)) if path]
            path = max(found, key=lambda path: path.count("/"), default=None)
            if path: shutil.rmtree(path)
            return path
        def again():
            path = tree()
            if not path: return
            os.mkdir(path)
            for _ in range(r.randrange(3)): open(path + "/" + name(), "w").write("again")
        def swap():
            path = pick(stat.S_IFREG, stat.S_IFLNK, r.choice([stat.S_IFREG, stat.S_IFDIR]))
            if not path: return
            was = kind(path)
            shutil.rmtree(path) if was == stat.S_IFDIR else os.unlink(path)
            if was == stat.S_IFDIR: open(path, "w").write("file")
            else: os.mkdir(path); open(path + "/inside", "w").write("in")
        def move():
            path = pick(stat.S_IFREG, stat.S_IFLNK)
            if path: os.rename(path, fresh())
        def move_tree():
            path = pick(stat.S_IFDIR)
            if not path: return
            target = fresh()
            if not target.startswith(path + "/"): shutil.move(path, target)
        def write():
            path = pick(stat.S_IFREG)
            if path: open(path, "ab").write(b"more")
        def mode():
            path = pick(stat.S_IFREG, stat.S_IFDIR)
            if path: os.chmod(path, r.choice([0o600, 0o755, 0o4755, 0o2711, 0o1777, 0o700]))
        def owner():
            path = pick(stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
            if path: os.lchown(path, r.choice([0, 1000, 65534, 3000000]), r.choice([0, 50]))
        def sock():
            s = socket.socket(socket.AF_UNIX)
            try: s.bind("./s%d" % r.randrange(10**9))
            except OSError: pass

        make = [file] * 6 + [lambda: os.mkdir(fresh())] * 4 + [
            lambda: os.symlink(r.choice(["/etc/passwd", "..", name(), "x" * 150]), fresh()), hard,
            lambda: os.mkfifo(fresh()), attributes, capability, mode, owner]
        change = make + [delete] * 4 + [tree, again, again, swap, swap, move, move, move_tree, write, write, sock] * 2
        for _ in range(160 if phase == "base" else 60):
            # A tree with a pipe cannot be copied, and a path may become too long: that is one change less.
            try: r.choice(make if phase == "base" else change)()
            except OSError: pass
        """
}

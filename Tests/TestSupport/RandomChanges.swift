/// A program of Python that does to files whatever may be done to them, at random.
package enum RandomChanges {
    /// Makes a tree (`base`), or changes the one that is there (`step`), in the directory where it is started. Its arguments: the seed,
    /// which of both, and an owner that files may get, beside usual ones.
    package static let program = """
        import os, random, shutil, socket, stat, struct, sys
        seed, phase, other = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
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
            if path: os.lchown(path, r.choice([0, 1000, 65534, other]), r.choice([0, 50]))
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

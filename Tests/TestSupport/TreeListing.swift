internal import Platform

/// Everything that can be said of the files below a directory, a line for each: to compare what different programs made.
package enum TreeListing {
    /// - Parameters:
    ///   - times: whether files have to agree in their times.
    ///   - links: whether in their hard links.
    package static func lines(of directory: String, times: Bool = true, links: Bool = true) async throws -> [String] {
        let what = (times ? "times" : "") + (links ? "links" : "")
        return try await Command.output(["python3", "-c", program, directory, what]).lines
    }

    /// Of an overlay that is mounted for as long as it takes to look at it.
    ///
    /// - Parameter lowers: topmost first.
    package static func lines(
        ofOverlay lowers: [String],
        upper: String? = nil,
        work: String? = nil,
        times: Bool = true
    ) async throws -> [String] {
        let scratch = try Scratch()
        let (target, empty) = (scratch("target"), scratch("empty"))
        for directory in [target, empty] { try Directories.create(directory) }
        // A mount needs two directories, or one to write to.
        let stack = lowers.count > 1 || upper != nil ? lowers : lowers + [empty]
        var option = "lowerdir=" + stack.joined(separator: ":")
        if let upper, let work { option += ",upperdir=\(upper),workdir=\(work)" }
        let script = #"mount -t overlay overlay -o "$1" "$2" && exec python3 -c "$3" "$2" "$4""#
        let words = ["unshare", "-m", "--propagation", "private", "bash", "-c", script]
        return try await Command.output(words + ["overlay", option, target, program, times ? "times links" : "links"])
            .lines
    }

    /// Type, mode, owners, size, time of files, hard links by their first name, target, attributes, digest. Its arguments: the directory,
    /// and a text with `times` and `links` where these count.
    package static let program = """
        import hashlib, os, stat, sys
        root = os.fsencode(sys.argv[1])
        first, lines = {}, []
        def look(path, name):
            info = os.lstat(path)
            kind = stat.S_IFMT(info.st_mode)
            words = [name.decode("utf-8", "backslashreplace"), oct(info.st_mode), str(info.st_uid), str(info.st_gid)]
            if kind != stat.S_IFDIR:
                if "links" in sys.argv[2]: words.append("first=" + first.setdefault((info.st_dev, info.st_ino), words[0]))
                if "times" in sys.argv[2]: words.append("mtime=%d" % info.st_mtime)
            if kind == stat.S_IFLNK:
                words.append("to=" + os.readlink(path).decode("utf-8", "backslashreplace"))
            if kind == stat.S_IFREG:
                words.append("size=%d" % info.st_size)
                words.append(hashlib.sha256(open(path, "rb").read()).hexdigest())
            for key in sorted(os.listxattr(path, follow_symlinks=False)):
                if not key.startswith(("trusted.overlay.", "user.overlay.")):
                    words.append(key + "=" + os.getxattr(path, key, follow_symlinks=False).hex())
            lines.append(" ".join(words))
            if kind == stat.S_IFDIR:
                for child in sorted(os.listdir(path)):
                    look(path + b"/" + child, name + b"/" + child)
        look(root, b".")
        sys.stdout.buffer.write("\\n".join(lines).encode() + b"\\n")
        """
}

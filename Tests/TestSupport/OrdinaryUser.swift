import Glibc
internal import Platform

/// A user that exists, with subordinate ids, only in mount namespaces of a test's own.
package struct OrdinaryUser: Sendable {
    package static let id: UInt32 = 54321
    /// The host's id of the first of its subordinate ids.
    package static let subordinate: UInt32 = 0x6700_0000

    /// A directory that everybody may enter.
    private let scratch: Scratch
    /// Programs of the system that are missing, such as `/usr/bin/newuidmap`.
    package var lacks: [String] = []
    package var hasSubordinateIDs = true
    package var mayGainPrivileges = true
    /// The `cgroup.procs` of the control group that its programs are in; nil for that of the tests.
    package var group: String?

    /// - Parameter scratch: what it has is kept there, and whatever it is to read has to be there.
    package init(in scratch: Scratch) throws {
        self.scratch = scratch
        chmod(scratch.path, 0o755)
        try scratch.write(
            "root:x:0:0::/:/bin/sh\ntester:x:\(Self.id):\(Self.id)::\(home):/bin/sh\n",
            to: "user/passwd"
        )
        try scratch.write("tester:\(Self.subordinate):65536\n", to: "user/ids")
        try scratch.write("", to: "user/none")
        try own("user/home")
    }

    /// The only place that it may write to, beside those that it owns.
    package var home: String { scratch("user/home") }

    /// Makes a directory that it owns.
    package func own(_ name: String) throws {
        try Directories.create(scratch(name))
        chown(scratch(name), Self.id, Self.id)
    }

    /// A directory that its programs see at another path.
    package struct View: Sendable {
        package let from: String
        package let to: String
        let isOpened: Bool
    }

    /// Shows a directory that it could not get to: it is at the returned path while its programs run.
    ///
    /// - Parameter isOpened: whether it may read all files there, whoever may read the directory's own.
    package func view(_ directory: String, as name: String, isOpened: Bool = false) throws -> View {
        try Directories.create(scratch(name))
        return View(from: directory, to: scratch(name), isOpened: isOpened)
    }

    /// Runs a program to its end.
    ///
    /// - Parameter views: what `view` returned.
    package func result(
        _ words: [String],
        views: [View] = [],
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await Command.result(entering(views) + words, environment: environment.merging(variables) { own, _ in own })
    }

    /// Starts a program, whose process is the one that is returned.
    ///
    /// - Parameters:
    ///   - views: what `view` returned.
    ///   - log: the file that gets its output.
    package func start(_ words: [String], views: [View] = [], log: String) async throws -> ServerProcess {
        try await ServerProcess(
            ["/usr/bin/unshare"] + entering(views).dropFirst() + words,
            log: log,
            environment: variables
        )
    }

    private var variables: [String: String] { ["HOME": home, "XDG_RUNTIME_DIR": home] }

    /// What stands before a program that this user runs.
    private func entering(_ views: [View]) -> [String] {
        var script = "set -e\n"
        if let group { script += "echo $$ >'\(group)'\n" }
        for view in views { script += view.isOpened ? opening(view) : "mount --bind '\(view.from)' '\(view.to)'\n" }
        let ids = hasSubordinateIDs ? "ids" : "none"
        for (file, path) in [("passwd", "passwd"), (ids, "subuid"), (ids, "subgid")] {
            script += "mount --bind '\(scratch("user/\(file)"))' /etc/\(path)\n"
        }
        for (number, path) in lacks.enumerated() { script += hiding(path, number) }
        let flags = mayGainPrivileges ? "" : "--no-new-privs "
        script += "exec setpriv \(flags)--reuid \(Self.id) --regid \(Self.id) --clear-groups \"$@\"\n"
        return ["unshare", "--mount", "sh", "-c", script, "setup"]
    }

    /// Modes are those of a layer above, which has no file's bytes.
    private func opening(_ view: View) -> String {
        let place = scratch("user/opened-\(view.to.split(separator: "/").last ?? "")")
        return """
            mkdir -p '\(place)/upper' '\(place)/work'
            mount -t overlay overlay -o 'lowerdir=\(view.from),upperdir=\(place)/upper,workdir=\(place)/work,metacopy=on' '\(view.to)'
            chmod -R a+rX '\(view.to)'

            """
    }

    /// A directory of the system without one of its files.
    private func hiding(_ path: String, _ number: Int) -> String {
        let directory = path.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 }
        let place = scratch("user/hidden-\(number)")
        return """
            mkdir -p '\(place)/upper' '\(place)/work'
            mount -t overlay overlay -o 'lowerdir=\(directory),upperdir=\(place)/upper,workdir=\(place)/work' '\(directory)'
            rm '\(path)'

            """
    }
}

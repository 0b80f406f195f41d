package import BuildModel
internal import Platform

/// A Git LFS server: batch API and basic transfers, as a script behind the web server of `GitHTTPServer`. `git lfs` pushes to it.
///
/// Debian has no Git LFS server. What tests want of one, beside what git-lfs itself checks, is wrong answers.
package struct LargeFileStorage: Sendable {
    private let directory: String
    private let script: String

    package init(_ scratch: Scratch) throws {
        directory = scratch("lfs")
        try Directories.create(directory)
        script = try scratch.write(Self.program, to: "lfs-server", mode: 0o755)
    }

    /// Lines of lighttpd's configuration.
    var configuration: [String] {
        [
            "$HTTP[\"url\"] =~ \"/info/lfs/\" {",
            "  alias.url = ( \"/\" => \"\(script)/\" )",
            "  setenv.add-environment = ( \"LFS_ROOT\" => \"\(directory)\" )",
            "}",
        ]
    }

    /// Where the server keeps an object of a repository, which is at `/NAME`.
    package func path(of digest: Digest, in name: String) -> String { "\(directory)/\(name).git/\(digest.hex)" }

    /// How many questions where files are a repository's server was asked.
    package func questions(_ name: String) -> Int {
        let bytes = try? Files.read("\(directory)/\(name).git/questions")
        return bytes.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    }

    /// Makes the server of a repository do wrong: `dead`, the questions whose links are refused; `busy`, the questions that are answered
    /// 503; `place`, where links lead instead; `redirect`, where they are sent on to; `secret`, whether questions need a password;
    /// `ended`, the questions whose links say that they ended in 2020; `headers`, more to be sent along with links.
    package func misbehave(_ faults: JSONValue, in name: String) throws {
        try Directories.create("\(directory)/\(name).git")
        try Files.writeAtomically(faults.canonicalBytes, to: "\(directory)/\(name).git/faults")
    }

    private static let program = #"""
        #!/usr/bin/python3
        import hashlib, json, os, sys

        method, path = os.environ["REQUEST_METHOD"], os.environ.get("PATH_INFO", "")
        repository, _, rest = path.partition("/info/lfs/")
        store = os.environ["LFS_ROOT"] + repository
        os.makedirs(store, exist_ok=True)
        here = "%s://%s%s/info/lfs/storage/" % (os.environ["REQUEST_SCHEME"], os.environ["HTTP_HOST"], repository)


        def read(name, otherwise):
            try:
                with open(store + "/" + name) as file:
                    return json.load(file)
            except FileNotFoundError:
                return otherwise


        def answer(status, body=b"", **headers):
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers["Content-Type"] = "application/vnd.git-lfs+json"
            head = ["Status: %d" % status, "Content-Length: %d" % len(body)]
            head += ["%s: %s" % (name.replace("_", "-"), value) for name, value in headers.items()]
            sys.stdout.buffer.write(("\r\n".join(head) + "\r\n\r\n").encode() + body)
            sys.exit(0)


        def action(operation, thing, number):
            oid = thing["oid"]
            if operation == "download" and not os.path.exists(store + "/" + oid):
                return {"oid": oid, "size": thing["size"], "error": {"code": 404, "message": "no such object"}}
            link = {"href": faults.get("place", here) + oid + "?n=%d" % number, "header": {"X-Link": str(number)}}
            link["expires_in"] = -5 if number <= faults.get("dead", 0) else 600
            if number <= faults.get("ended", 0):
                del link["expires_in"]
                link["expires_at"] = "2020-01-01T00:00:00Z"
            link["header"].update(faults.get("headers", {}))
            asked = os.environ.get("HTTP_AUTHORIZATION")
            if asked and operation == "upload":
                link["header"]["Authorization"] = asked
            # Whoever was let in with a password needs it for the link too.
            return {"oid": oid, "size": thing["size"], "authenticated": not asked, "actions": {operation: link}}


        faults = read("faults", {})
        body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
        if rest == "objects/batch" and method == "POST":
            number = read("questions", 0) + 1
            with open(store + "/questions", "w") as file:
                file.write(str(number))
            if faults.get("secret") and "HTTP_AUTHORIZATION" not in os.environ:
                answer(401, {"message": "who are you"})
            if number <= faults.get("busy", 0):
                answer(503, {"message": "come again"}, Retry_After=0)
            question = json.loads(body)
            objects = [action(question["operation"], thing, number) for thing in question["objects"]]
            answer(200, {"transfer": "basic", "objects": objects})
        elif rest.startswith("storage/"):
            name = store + "/" + os.path.basename(rest)
            if method == "PUT":
                if hashlib.sha256(body).hexdigest() != os.path.basename(rest):
                    answer(422, {"message": "other bytes than promised"})
                with open(name, "wb") as file:
                    file.write(body)
                answer(200)
            number = int(os.environ.get("HTTP_X_LINK") or 0)
            if number <= faults.get("dead", 0) or os.environ["QUERY_STRING"] != "n=%d" % number:
                answer(403, {"message": "this link has run out"})
            if "redirect" in faults:
                answer(302, Location=faults["redirect"])
            if faults.get("gone"):
                answer(404)
            with open(name, "rb") as file:
                answer(200, file.read())
        answer(404, {"message": "Not found"})
        """#
}

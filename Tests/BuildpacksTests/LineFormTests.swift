import Testing

@testable import Buildpacks

@Suite("Lines are looked at as their file means them")
struct LineFormTests {
    private static func lines(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(
        "an instruction of a Dockerfile is one line, at the number that it begins at",
        arguments: [
            ("FROM a\nRUN x \\\n  y\nCMD z", ["FROM a", "RUN x y", "", "CMD z"]),
            ("CMD [\"a\", \"b c\"]", ["CMD a b c"]), ("ENTRYPOINT  [ 'a' ]", ["ENTRYPOINT [ 'a' ]"]),
            ("cmd [\"a\"]\r\nRUN b", ["CMD a", "RUN b"]),
            ("CMD a\nENTRYPOINT b\nCMD c", ["", "ENTRYPOINT b", "CMD c"]),
            ("FROM a\nRUN b\nCMD c\nFROM d\nRUN e", ["FROM a", "", "", "FROM d", "RUN e"]),
            (
                "FROM a AS b\nRUN c\nfrom --platform=x B\nRUN d",
                ["FROM a AS b", "RUN c", "from --platform=x B", "RUN d"]
            ),
            (
                "FROM a\nRUN b\nFROM c\nCOPY --chown=x --from=0 d e",
                ["FROM a", "RUN b", "FROM c", "COPY --chown=x --from=0 d e"]
            ),
            (
                "FROM a as b\nRUN c\nFROM d\nRUN --mount=type=bind,from=b e",
                ["FROM a as b", "RUN c", "FROM d", "RUN e"]
            ),
            (
                "FROM a as b\nRUN c\nFROM b as t\nRUN d\nFROM b\nRUN e",
                ["FROM a as b", "RUN c", "FROM b as t", "", "FROM b", "RUN e"]
            ),
            (
                "ARG b=c\nFROM a AS c\nRUN d\nFROM ${b}\nRUN e",
                ["ARG b=c", "FROM a AS c", "RUN d", "FROM ${b}", "RUN e"]
            ),
            (
                "FROM a AS prod\nRUN b\nCMD c\nFROM a AS test\nRUN d\nCMD e",
                ["FROM a AS prod", "RUN b", "CMD c", "FROM a AS test", "", ""]
            ),
            ("RUN a \\\n# said\n b", ["RUN a b", "", ""]), ("run a \\ \n\n b", ["RUN a b", "", ""]),
            ("RUN --mount=type=cache,target=/x a --b", ["RUN a --b"]), ("RUN [ -f x ] && y", ["RUN [ -f x ] && y"]),
            ("CMD [ \"a\", \"b\" ] ", ["CMD a b"]),
            ("RUN if [ -f x ]; then y; fi", ["RUN if [ -f x ]; then y; fi"]), ("CMD x \\", ["CMD x"]), ("", [""]),
        ]
    )
    func instructions(_ text: String, _ expected: [String]) {
        #expect(Self.lines(Instructions.unfolded(Array(text.utf8))) == expected)
    }

    @Test(
        "a package that is locked is a line where its version stands, the newest of several",
        arguments: [
            ("uv.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\n", ["", "", "a==1", ""]),
            ("poetry.lock", "name = \"a\"\nversion = \"1\"\nname = \"a\"\nversion = \"2\"", ["", "", "", "a==2"]),
            ("pdm.lock", "version = \"1\"\nname = \"b\"", ["", ""]),
            ("poetry.lock", "name = \"a\"\nversion = \"1\"\ncategory = \"dev\"", ["", "", ""]),
            ("poetry.lock", "name = \"a\"\nversion = \"1\"\ngroups = [\"main\", \"dev\"]", ["", "a==1", ""]),
            (
                "Cargo.lock", "name = \"a\"\nversion = \"1\"\n[[patch.unused]]\nname = \"a\"\nversion = \"2\"",
                ["", "a==1", ""]
            ),
            (
                "x/Pipfile.lock", "\"a\": {\n\"version\": \"==1\"\n\"develop\": {\n\"b\": {\n\"version\": \"==2\"",
                ["", "a==1", ""]
            ),
        ]
    )
    func locks(_ path: String, _ text: String, _ expected: [String]) throws {
        let locked = try #require(LockedPackages(path))
        #expect(Self.lines(locked.lines(Array(text.utf8))) == expected)
    }

    @Test("no other file is a lock", arguments: ["Gemfile.lock", "requirements.txt", "uv.lock.bak", ""])
    func others(_ path: String) {
        #expect(LockedPackages(path) == nil)
    }

    @Test(
        "what a command installs is its words, without options, paths, variables and what comes from elsewhere",
        arguments: [
            ("RUN pip install a 'b[c]==1'", ["a", "b[c]==1"]), ("RUN pip install --no-cache-dir a", ["a"]),
            ("RUN x && pip install a && rm b", ["a"]), ("RUN pip install a; pip install b", ["a", "b"]),
            ("RUN pip install -r a", []), ("RUN pip install -i http://x a", []),
            ("RUN pip install --target=/x a", ["a"]),
            ("RUN pip install --index-url=http://x a", []), ("RUN pip install --extra-index-url=http://x a", []),
            ("RUN pip install ./a /b $C .", []), ("RUN pip install pip a", ["a"]), ("RUN pip install `a` $(b)", []),
            ("RUN pip download a", []), ("RUN pip install a # b", ["a"]), ("RUN pip install a > log", ["a"]),
            ("RUN pip install a 2>&1 | tee log", ["a"]), ("RUN pip install a|b c>d e'f", ["c>d", "ef"]),
        ]
    )
    func installed(_ line: String, _ expected: [String]) {
        let words = InstalledWords(Array(line.utf8)[...], [GlobPattern("RUN pip install <*>")]).words
        #expect(words == expected)
    }
}

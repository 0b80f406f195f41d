import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import held_out

# A program that plans what the app's only file says.
PROGRAM = """#!/bin/sh
cat "$2/plan.json"
[ -f "$2/fails" ] && exit 1
exit 0
"""
HEAD = "repository\tpath\tcommit\tlanguage\tstart\n"
THREE = HEAD + "me/web\t.\t0a1b\tnode\tnode/static\nme/many\tapi/v1\t0a1b\tkotlin\tjvm\nme/empty\t.\t0a1b\tpython\tpython-server\n"
GONE = "me/gone\t.\t0a1b\tgo\tbinary\nme/many\tgone\t0a1b\tgo\tbinary\n"


def start(*arguments, source="rule"):
    return {"arguments": list(arguments), "command": " ".join(arguments), "source": source}


class RunTests(unittest.TestCase):
    """Three made-up apps, of which one is wrong."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        self.apps, self.list, program = self.place / "apps", self.place / "list.tsv", self.place / "slipway"
        program.write_text(PROGRAM, encoding="ascii")
        program.chmod(0o755)
        self.list.write_text(THREE, encoding="ascii")
        self.app("me__web", '{"language": "node", "start": {"arguments": ["node", "x.js"], "command": "node x.js", "source": "rule"}}')
        self.app("me__many__api__v1", '{"language": "java", "start": {"arguments": ["java"], "command": "java", "source": "rule"}}')
        self.app("me__empty", '{"language": "go", "start": null, "error": {"message": "nothing starts it"}}')
        (self.apps / "me__empty/fails").touch()

    def app(self, name, plan):
        (self.apps / name).mkdir(parents=True, exist_ok=True)
        (self.apps / name / "plan.json").write_text(plan, encoding="ascii")

    def run_script(self, *flags):
        words = ["held-out", str(self.apps), "--list", str(self.list), "--slipway", str(self.place / "slipway"), *flags]
        with mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(io.StringIO()) as output:
            return held_out.main(), output.getvalue()

    def test_the_one_that_is_wrong_is_told_and_the_bar_does_not_hold(self):
        status, output = self.run_script()
        self.assertEqual(status, 1)
        self.assertEqual(
            output,
            "me__empty: language go, not python; start none (nothing starts it), not python-server\n"
            "3 apps: 2 right language (66.7 %), 1 wrong start class, 1 of them refused with a reason\n",
        )

    def test_without_it_the_bar_holds(self):
        self.app("me__empty", '{"language": "python", "start": {"arguments": ["gunicorn"], "command": "gunicorn", "source": "rule"}}')
        self.assertEqual(self.run_script(), (0, "3 apps: 3 right language (100.0 %), 0 wrong start class\n"))

    def test_a_wrong_start_alone_is_enough(self):
        self.app("me__web", '{"language": "node", "start": {"arguments": ["bun"], "command": "bun", "source": "rule"}}')
        (self.apps / "me__empty").rename(self.place / "away")
        status, output = self.run_script()
        self.assertEqual(status, 1)
        self.assertIn("me__web: start bun (bun), not node or static\n", output)
        self.assertIn(f"1 of the list are not in {self.apps}: me__empty\n", output)
        self.assertIn("2 apps: 2 right language (100.0 %), 1 wrong start class\n", output)

    def test_a_program_that_prints_no_plan_ends_the_run(self):
        self.app("me__web", "")
        with self.assertRaisesRegex(SystemExit, "plan .*me__web"):
            self.run_script()

    def test_an_empty_directory_is_told_with_what_to_do(self):
        self.apps.rename(self.place / "away")
        with self.assertRaisesRegex(SystemExit, "has none of the apps; .*--commands"):
            self.run_script()

    def test_the_commands_get_what_is_missing_at_its_commit_and_tell_what_is_gone(self):
        origin = self.place / "origin"
        for name in ("me/web", "me/many"):
            (origin / name / "api/v1").mkdir(parents=True)
            (origin / name / "api/v1/main.kt").write_text("fun main() {}\n", encoding="ascii")
            author = ["-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "uploadpack.allowFilter=true"]
            for words in (["init", "--quiet"], ["add", "--all"], [*author, "commit", "--quiet", "--message=app"]):
                subprocess.run(["git", "-C", str(origin / name), *words], check=True)
        commit = subprocess.run(
            ["git", "-C", str(origin / "me/many"), "rev-parse", "--short=12", "HEAD"], check=True, capture_output=True, text=True
        ).stdout.strip()
        self.list.write_text(HEAD + f"me/web\t.\t0a1b\tnode\tnode\nme/many\tapi/v1\t{commit}\tkotlin\tjvm\n" + GONE, encoding="ascii")
        (self.apps / "me__many__api__v1").rename(self.place / "away")
        status, output = self.run_script("--commands", "--origin", f"file://{origin}")
        self.assertEqual(status, 0)
        self.assertNotIn("me/web", output)
        done = subprocess.run(["bash", "-c", output], capture_output=True, text=True, check=False)
        self.assertIn("me/gone", done.stderr)
        self.assertEqual([file.name for file in (self.apps / "me__many__api__v1").iterdir()], ["main.kt"])
        self.assertEqual(sorted(file.name for file in self.apps.iterdir()), ["me__empty", "me__many__api__v1", "me__web"])


class JudgingTests(unittest.TestCase):
    def test_the_class_is_that_of_the_program_that_runs_in_the_end(self):
        shell = "/bin/sh"
        for language, words, expected in (
            ("go", start("/usr/local/bin/app"), "binary"),
            ("go", start("bin/app", source="Procfile: web"), "procfile"),
            ("python", start("python", "app.py"), "python"),
            ("python", start("python", "-m", "uvicorn", "a:b"), "python-server"),
            ("python", start("python", "-m", "app"), "python"),
            ("python", start("python", "manage.py", "runserver"), "python-server"),
            ("python", start(shell, "-c", "exec gunicorn --bind 0.0.0.0:${PORT:-3000} 'a:b(\"x;y\")'"), "python-server"),
            ("dotnet", start(shell, "-c", "cd /opt/app && URLS=http://*:${PORT:-3000} exec dotnet $(basename a b).dll"), "dotnet"),
            ("python", start("serve-shop"), "python-own"),
            ("node", start("functions-framework", "--target=a"), "node"),
            ("node", start("/app/node_modules/.bin/own", "serve"), "node"),
            ("node", start("caddy", "run"), "static"),
            ("node", start(shell, "-c", "cd dist && HOST=0.0.0.0 exec caddy run"), "static"),
            ("scala", start("/opt/app/bin/start"), "jvm"),
            ("gleam", start("/opt/app/entrypoint.sh", "run"), "beam"),
            ("shell", start("bash", "run.sh"), "shell"),
            ("go", None, "none"),
        ):
            with self.subTest(words):
                self.assertEqual(held_out.start_class({"language": language, "start": words}), expected)

    def test_a_program_of_the_apps_own_may_be_a_script_of_python_or_a_server(self):
        plan = {"language": "python", "start": start("serve-shop")}
        for starts, right in (({"python"}, True), ({"python-server", "none"}, True), ({"streamlit"}, False)):
            with self.subTest(starts):
                app = held_out.App("me/shop", ".", "0a1b", frozenset({"python"}), frozenset(starts))
                self.assertEqual(held_out.judge(app, plan).right_start, right)

    def test_no_language_is_right_where_the_list_says_none(self):
        app = held_out.App("me/docs", ".", "0a1b", frozenset({"none", "java"}), frozenset({"none"}))
        self.assertIsNone(held_out.judge(app, {"language": None, "start": None, "error": {"message": "nothing"}}).miss)
        self.assertIsNotNone(held_out.judge(app, {"language": "go", "start": None, "error": {"message": "nothing"}}).miss)


class ListTests(unittest.TestCase):
    def test_the_list_has_several_hundred_apps_of_many_languages_once_each(self):
        apps = held_out.read(held_out.LIST)
        self.assertGreaterEqual(len(apps), 300)
        self.assertEqual(len({app.name for app in apps}), len(apps))
        self.assertGreaterEqual(len({language for app in apps for language in app.languages}), 15)
        classes = set(held_out.PROGRAMS) | {"binary", "procfile", "none"}
        self.assertEqual({start for app in apps for start in app.starts} - classes, {"perl"})

    def test_a_line_that_lacks_a_field_is_refused_with_its_number(self):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
            file.write(HEAD + "me/web\t.\t0a1b\tnode\n")
            file.flush()
            with self.assertRaisesRegex(SystemExit, ":2: expected repository"):
                held_out.read(Path(file.name))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Whether public example applications get the right language and a start command of the right class.

The list names them (Benchmarks/held_out.tsv); their files are others' and in a directory of your own: one directory below DIR for each
app, named by its repository and path with "__" for "/". Where the internet is reached, --commands says how to get them:

    scripts/held-out --commands DIR | bash"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import options

LIST = Path(__file__).with_suffix(".tsv")
ORIGIN = "https://github.com"
RIGHT_LANGUAGES, WRONG_STARTS = 98, 0

# A rule of its own for several languages of one family.
RULES = {"kotlin": "java", "groovy": "java"}

# The class of a start command by the program in it; a program of the app's own has the class of its language.
PROGRAMS = {
    "static": "caddy nginx httpd http-server serve static-web-server",
    "node": "node npm npx yarn pnpm next nuxt ts-node tsx vite remix-serve react-router-serve astro",
    "bun": "bun bunx",
    "deno": "deno",
    "python": "python python3",
    "python-server": "gunicorn uvicorn hypercorn daphne waitress-serve granian sanic flask fastapi chainlit reflex adk",
    "streamlit": "streamlit",
    "ruby": "ruby bundle rails rackup puma",
    "php": "php php-fpm frankenphp apache2-foreground heroku-php-apache2",
    "jvm": "java clojure lein",
    "beam": "mix elixir erl",
    "dotnet": "dotnet",
    "shell": "sh bash",
}
LANGUAGES = {
    "static": "static",
    "node": "node",
    "deno": "deno",
    "python": "python-own",
    "ruby": "ruby",
    "php": "php",
    "java": "jvm",
    "scala": "jvm",
    "clojure": "jvm",
    "elixir": "beam",
    "gleam": "beam",
    "dotnet": "dotnet",
    "shell": "shell",
}
CLASSES = {program: name for name, programs in PROGRAMS.items() for program in programs.split()}
# What a program of an app's own is cannot be told from its name: with Python it may be a script or a server.
EITHER = {"python-own": {"python", "python-server"}}
ASSIGNMENT = re.compile(r"\w+=")


@dataclass(frozen=True)
class App:
    repository: str
    path: str
    commit: str
    languages: frozenset[str]
    starts: frozenset[str]

    @property
    def name(self) -> str:
        return (self.repository if self.path == "." else f"{self.repository}/{self.path}").replace("/", "__")


@dataclass(frozen=True)
class Verdict:
    app: App
    language: str | None
    start: str
    command: str

    @property
    def right_language(self) -> bool:
        return (self.language or "none") in {RULES.get(name, name) for name in self.app.languages}

    @property
    def right_start(self) -> bool:
        return not EITHER.get(self.start, {self.start}).isdisjoint(self.app.starts)

    @property
    def miss(self) -> str | None:
        """What is wrong, as a line; nil where nothing is."""
        wrong = []
        if not self.right_language:
            wrong.append(f"language {self.language or 'none'}, not {' or '.join(sorted(self.app.languages))}")
        if not self.right_start:
            wrong.append(f"start {self.start} ({self.command}), not {' or '.join(sorted(self.app.starts))}")
        return f"{self.app.name}: {'; '.join(wrong)}" if wrong else None


def read(path: Path) -> list[App]:
    """The list: a line of names, then one line for each app; where several answers are right, "/" is between them."""
    apps = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        fields = line.split("\t")
        if len(fields) != 5 or not all(fields):
            sys.exit(f"{path}:{number}: expected repository, path, commit, language and start class, with tabs between")
        repository, place, commit, languages, starts = fields
        apps.append(App(repository, place, commit, frozenset(languages.split("/")), frozenset(starts.split("/"))))
    return apps


def judge(app: App, plan: dict) -> Verdict:
    """What a plan in JSON comes to, beside what the list says."""
    start = plan.get("start") or {}
    command = start.get("command") or plan.get("error", {}).get("message") or "no start command"
    return Verdict(app, plan.get("language"), start_class(plan), command)


def start_class(plan: dict) -> str:
    """What kind of program the start command starts: procfile where its text is the app's own, none where there is none."""
    start = plan.get("start")
    if not start:
        return "none"
    if start["source"].startswith("Procfile"):
        return "procfile"
    words = program(start["arguments"])
    name = os.path.basename(words[0]) if words else ""
    if name.startswith("python") and words[1:2] == ["-m"] and len(words) > 2:
        return CLASSES.get(words[2], CLASSES[name])
    if name.startswith("python") and words[2:3] == ["runserver"]:
        return "python-server"
    return CLASSES.get(name) or LANGUAGES.get(plan["language"], "binary")


def program(arguments: list[str]) -> list[str]:
    """The words of the program that runs in the end: what a shell runs last, without variables and words before the program."""
    if len(arguments) == 3 and os.path.basename(arguments[0]) in ("sh", "bash") and arguments[1] == "-c":
        lexer = shlex.shlex(arguments[2], posix=True, punctuation_chars=";&")
        lexer.whitespace_split, lexer.commenters = True, ""
        arguments = []
        for word in lexer:
            arguments = [] if word in (";", "&&") else [*arguments, word]
    words = list(arguments)
    while words and (words[0] in ("exec", "env") or ASSIGNMENT.match(words[0])):
        words.pop(0)
    return words


def plan(slipway: str, directory: Path, rules: str) -> dict:
    words = [slipway, "plan", str(directory), "-o", "json", "--buildpacks-directory", rules]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"{' '.join(words)}: status {done.returncode}: {done.stderr.strip()}")


def commands(apps: list[App], directory: Path, origin: str) -> list[str]:
    """Shell commands that get what is missing: each repository once, then the app's files as they were at the commit. What cannot be
    had any more is told by git, and leaves no directory."""
    lines = [f"mkdir -p {shlex.quote(str(directory))} && cd {shlex.quote(str(directory))} || exit 1"]
    for repository in sorted({app.repository for app in apps if not (directory / app.name).exists()}):
        mine = [app for app in apps if app.repository == repository and not (directory / app.name).exists()]
        clone = f".{repository.replace('/', '__')}.git"
        lines.append(f"git clone --quiet --bare --filter=blob:none {origin}/{repository} {clone}")
        for app in mine:
            tree = shlex.quote(app.commit if app.path == "." else f"{app.commit}:{app.path}")
            name = shlex.quote(app.name)
            lines.append(f"git -C {clone} archive {tree} >.app.tar && mkdir {name} && tar -xf .app.tar -C {name}")
        lines.append(f"rm -rf {clone} .app.tar")
    return lines


def summary(verdicts: list[Verdict]) -> str:
    right = sum(verdict.right_language for verdict in verdicts)
    wrong = [verdict for verdict in verdicts if not verdict.right_start]
    refused = sum(verdict.start == "none" for verdict in wrong)
    told = f", {refused} of them refused with a reason" if refused else ""
    return f"{len(verdicts)} apps: {right} right language ({100 * right / len(verdicts):.1f} %), {len(wrong)} wrong start class{told}"


def holds(verdicts: list[Verdict]) -> bool:
    right = sum(verdict.right_language for verdict in verdicts)
    wrong = sum(not verdict.right_start for verdict in verdicts)
    return 100 * right >= RIGHT_LANGUAGES * len(verdicts) and wrong <= WRONG_STARTS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, metavar="DIR", help="where the apps are, one directory each")
    parser.add_argument("--commands", action="store_true", help="print how to get the apps with git, and end")
    parser.add_argument("--origin", default=ORIGIN, metavar="URL", help="where the repositories are")
    parser.add_argument("--list", type=Path, default=LIST, metavar="FILE", help="the list of apps")
    parser.add_argument("--slipway", default=str(options.REPOSITORY / ".build/release/slipway"), metavar="FILE", help="the program")
    parser.add_argument("--rules", default=str(options.REPOSITORY / "buildpacks"), metavar="DIR", help="the rules")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="plans at a time")
    arguments = parser.parse_args()
    apps = read(arguments.list)
    if arguments.commands:
        print("\n".join(commands(apps, arguments.directory, arguments.origin)))
        return 0
    there = [app for app in apps if (arguments.directory / app.name).is_dir()]
    if not there:
        sys.exit(f"{arguments.directory} has none of the apps; 'scripts/held-out --commands {arguments.directory} | bash' gets them")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        plans = list(pool.map(lambda app: plan(arguments.slipway, arguments.directory / app.name, arguments.rules), there))
    verdicts = [judge(app, found) for app, found in zip(there, plans)]
    for verdict in verdicts:
        if verdict.miss:
            print(verdict.miss)
    missing = [app.name for app in apps if app not in there]
    if missing:
        print(f"{len(missing)} of the list are not in {arguments.directory}: {', '.join(missing[:3])}{' ...' if missing[3:] else ''}")
    print(summary(verdicts))
    return 0 if holds(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Layers, measured: from a tree in git to compressed bytes, with nothing remembered, after one file changed, and unchanged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

from harness import machine, options, report, scratch, servers
from harness.command import run
from harness.sample import Bar, Sample
from harness.suite import Case, Suite, Tool

TOOL = "slipway"
# What makes about 600 MB of installed packages, a tenth of it text.
WHEELS = ["numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "matplotlib", "opencv-python-headless", "sympy", "botocore"]
LARGE = 600_000_000
SYSTEM_FILES, OF_SYSTEM = "system-files", " of the system's files"
FLOOR = "tar, sha256 (floor)"
BUILDAH_LAYER = "buildah add, commit"
COLD, CHANGED, UNCHANGED = "nothing remembered", "one file changed", "no change"


@dataclass(frozen=True)
class Tree:
    """A tree as files, as a git repository, and a place for what is made of it."""

    files: Path
    place: Path

    @property
    def output(self) -> Path:
        return self.place / "output"


def main() -> int:
    arguments = _arguments()
    suite = Suite("layers", arguments.rounds, arguments.warmups)
    report.warn_of_disturbance()
    facts = machine.facts()
    for place in arguments.tree or [*_python_packages(), _large_tree(arguments.wheels)]:
        size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file() and not file.is_symlink())
        with scratch.scratch(6 * size, arguments.scratch) as directory:
            tree = _repository(place, Path(directory))
            name = f"{size / 1e6:.0f} MB tree{OF_SYSTEM if place.name == SYSTEM_FILES else ''}"
            bench = Bench(suite, arguments.slipway, arguments.seed, tree, name)
            bench.compare_layers()
            with servers.registry(directory, str(bench.storage)) as port:
                bench.compare_pushes(port)
            bench.add_bars()
    return report.finish(suite, arguments.output, arguments.strict, facts)


def _python_packages() -> list[Path]:
    """What is installed for the system's Python (about 40 MB on a developer's machine) and for the one that runs this."""
    places = [Path("/usr/lib/python3/dist-packages"), Path(sysconfig.get_path("purelib"))]
    return list(dict.fromkeys(place for place in places if place.is_dir()))


def _large_tree(place: Path) -> Path:
    """About 600 MB: the packages of large wheels, installed once, or copies of the system's files where they cannot be had."""
    packages, system = place / "site-packages", place / SYSTEM_FILES
    for done in (packages, system):
        if done.is_dir():
            return done
    place.mkdir(parents=True, exist_ok=True)
    partial = place / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    pip = [str(place / "venv/bin/pip"), "install", "--quiet", "--only-binary=:all:", "--no-deps", "--no-compile"]
    try:
        subprocess.run(["python3", "-m", "venv", str(place / "venv")], check=True, timeout=300)
        subprocess.run([*pip, "--target", str(partial), *WHEELS], check=True, timeout=1200)
        return partial.rename(packages)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"The wheels cannot be had ({error}): the large tree is copies of the system's files.", file=sys.stderr)
    shutil.rmtree(partial, ignore_errors=True)
    _copy_system(partial, LARGE)
    return partial.rename(system)


def _copy_system(target: Path, limit: int) -> None:
    """Plain files below /usr, in the order of their names, until there are enough bytes; then the same again elsewhere."""
    copied = 0
    for turn in range(100):
        for file in sorted(Path("/usr").rglob("*")):
            if file.is_symlink() or not file.is_file() or ".git" in file.name:
                continue
            size = file.stat().st_size
            if size > limit // 20:
                continue
            place = target / f"copy-{turn}" / file.relative_to("/usr")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            copied += size
            if copied >= limit:
                return


class Bench:
    def __init__(self, suite: Suite, slipway: str, seed: Path, tree: Tree, name: str) -> None:
        self.suite, self.slipway, self.tree, self.name = suite, slipway, tree, name
        self.storage = tree.place / "registry"
        shutil.copytree(seed, self.storage)
        self.cache, self.layouts, self.turn = tree.place / "cache", str(seed.parent / "base-images"), 0

    def compare_layers(self) -> None:
        """Layer bytes: what each tool leaves is named beside its time. The floor reads the files and hashes them."""
        tar = f"tar -C {self.tree.files} --exclude=.git --sort=name -cf - ."
        out = self.tree.output
        tools = [Tool(TOOL, lambda _: self._layer(cold=True))]
        for name, pipe, needs in [
            (FLOOR, "openssl dgst -sha256", ["openssl"]),
            ("tar, pigz -6", "pigz -6", ["pigz"]),
            ("tar, gzip -6", "gzip -6", ["gzip"]),
            ("tar, igzip -2", "igzip -2", ["igzip"]),
        ]:
            words = ["bash", "-o", "pipefail", "-c", f"{tar} | {pipe} > {out}"]
            tools.append(Tool(name, lambda _, words=words, name=name: self._peer(name, COLD, words), needs))
        words = ["bash", "-c", f"{tar} > {out}.tar && libdeflate-gzip -6 -f {out}.tar && mv {out}.tar.gz {out}"]
        name = "tar, libdeflate-gzip -6"
        tools.append(Tool(name, lambda _: self._peer(name, COLD, words), ["libdeflate-gzip"]))
        tools.append(Tool("umoci insert", lambda _: self._umoci(), ["umoci"]))
        tools.append(Tool(BUILDAH_LAYER, lambda _: self._buildah(), ["buildah"]))
        self.suite.compare([Case(self._case(COLD))], tools)
        self._layer(cold=True)
        self.suite.compare([Case(self._case(CHANGED))], [Tool(TOOL, lambda _: self._layer(changes=True))])
        self.suite.compare([Case(self._case(UNCHANGED))], [Tool(TOOL, lambda _: self._layer())])

    def compare_pushes(self, port: int) -> None:
        """The whole command, to a registry that has the base images and, when nothing is remembered, nothing else."""
        self.layouts = ""
        mirror = ["--registries-mirrors", f"docker.io=127.0.0.1:{port}"]

        def push(cold: bool = False, changes: bool = False) -> Sample:
            self.turn += cold
            target = f"docker://127.0.0.1:{port}/apps/app{self.turn}:1"
            return self._build(target, mirror, cold=cold, changes=changes)[0]

        peer = Buildah(self.tree, port)
        cases = [(COLD, {"cold": True}), (CHANGED, {"changes": True}), (UNCHANGED, {})]
        for name, how in cases:
            tools = [
                Tool(TOOL, lambda _, how=how: push(**how)),
                Tool("buildah bud, push", lambda _, how=how: peer.build(**how), ["buildah"]),
            ]
            if name == COLD:
                for packer in ("pigz -6", "igzip -2"):
                    needs = ["crane", packer.split()[0]]
                    crane = lambda _, packer=packer: self._crane(packer, port)
                    tools.append(Tool(f"tar, {packer}, crane append", crane, needs))
            self.suite.compare([Case(self._pushed(name))], tools)

    def add_bars(self) -> None:
        cold, pigz, gzip = self._row(COLD), self._row(COLD, "tar, pigz -6"), self._row(COLD, "tar, gzip -6")
        floor, changed, same = self._row(COLD, FLOOR), self._row(CHANGED), self._row(UNCHANGED)
        bars = [
            Bar("layer, times faster than pigz -6", _ratio(pigz, cold), 2.5, at_most=False),
            Bar("layer, times faster than gzip -6", _ratio(gzip, cold), 5, at_most=False),
            Bar("layer, size against gzip -6", _sizes(cold, gzip), 1.0),
            Bar("layer, size against pigz -6", _sizes(cold, pigz), 1.0),
            Bar("one file changed, times faster than nothing remembered", _ratio(cold, changed), 15, at_most=False),
            Bar("one file changed, times the floor", _ratio(changed, floor), 2),
            Bar("no change, layer", same and same.median * 1000, 100, "ms"),
            Bar("nothing remembered, peak memory", cold and cold.json()["peakRSSBytes"] / 2**20, 128, "MiB"),
        ]
        for name, limit in [(COLD, 6), (CHANGED, 20), (UNCHANGED, 60)]:
            own, peer = self._find(self._pushed(name)), self._find(self._pushed(name), "buildah bud, push")
            bars.append(Bar(f"{name}, times faster than buildah", _ratio(peer, own), limit, at_most=False))
        whole = self._find(self._pushed(UNCHANGED))
        bars.append(Bar("no change, whole command to a registry", whole and whole.median * 1000, 100, "ms"))
        self.suite.bars += [replace(bar, name=f"{self.name}: {bar.name}") for bar in bars]

    def _layer(self, cold: bool = False, changes: bool = False) -> Sample:
        """The phase that makes layers; CPU and memory are those of the whole command, which writes a layout too."""
        layout = self.tree.place / "layout"
        shutil.rmtree(layout, ignore_errors=True)
        sample, result = self._build(f"oci:{layout}:app", [], cold=cold, changes=changes)
        own = [layer for layer in result["layers"] if layer["memo"] != "base"]
        details = self.suite.row(self._case(CHANGED if changes else COLD if cold else UNCHANGED), TOOL).details
        details["layerBytes"] = sum(layer["size"] for layer in own)
        details["layers"] = len(own)
        details["readBytes"] = sum(layer["readBytes"] for layer in own)
        return Sample(result["phases"]["assembling"] / 1000, sample.cpu_seconds, sample.peak_rss_bytes)

    def _build(self, target: str, flags: list[str], *, cold: bool, changes: bool) -> tuple[Sample, dict]:
        if cold:
            self._forget()
        if changes:
            _change(self.tree.files)
        out = self.tree.place / "result.json"
        layouts = ["--registries-layouts", self.layouts] if self.layouts else []
        words = [self.slipway, "build", str(self.tree.files), "--output", target, "-o", "json", *flags, *layouts]
        words += ["--buildpacks-directory", str(options.REPOSITORY / "buildpacks")]
        quoted = " ".join(f"'{word}'" for word in [*words, "--cache-directory", str(self.cache)])
        sample = run(["bash", "-c", f"exec {quoted} > {out}"])
        return sample, json.loads(out.read_text())

    def _forget(self) -> None:
        """Empties the cache, but for what is known of base images: the warm-up has read those, as a node does once."""
        for child in self.cache.iterdir() if self.cache.is_dir() else []:
            if child.name != "bases":
                shutil.rmtree(child) if child.is_dir() else child.unlink()

    def _peer(self, tool: str, case: str, words: list[str]) -> Sample:
        sample = run(words)
        if tool != FLOOR:
            self.suite.row(self._case(case), tool).details["layerBytes"] = self.tree.output.stat().st_size
        return sample

    def _umoci(self) -> Sample:
        """Into a layout that has an empty image; umoci writes the layer's bytes and its digests, as we do."""
        layout = self.tree.place / "umoci"
        shutil.rmtree(layout, ignore_errors=True)
        for words in (["init", "--layout", str(layout)], ["new", "--image", f"{layout}:app"]):
            subprocess.run(["umoci", *words], check=True, capture_output=True)
        sample = run(["umoci", "insert", "--rootless", "--image", f"{layout}:app", str(self.tree.files), "/app"])
        self._note_layout("umoci insert", layout)
        return sample

    def _buildah(self) -> Sample:
        """From the directory to a layout with its own gzip; it copies the files into its store first, as it always does."""
        layout = self.tree.place / "buildah-layout"
        shutil.rmtree(layout, ignore_errors=True)
        buildah = Buildah(self.tree)
        sample = buildah.commit(layout)
        buildah.forget()
        self._note_layout(BUILDAH_LAYER, layout)
        return sample

    def _note_layout(self, tool: str, layout: Path) -> None:
        """Notes the size of the last layer of a layout's one image."""
        blob = lambda descriptor: layout / "blobs" / descriptor["digest"].replace(":", "/")
        index = json.loads((layout / "index.json").read_text())
        manifest = json.loads(blob(index["manifests"][0]).read_text())
        details = self.suite.row(self._case(COLD), tool).details
        details["layerBytes"] = blob(manifest["layers"][-1]).stat().st_size

    def _crane(self, packer: str, port: int) -> Sample:
        self.turn += 1
        out, target = f"{self.tree.output}.tar.gz", f"127.0.0.1:{port}/apps/crane{self.turn}:1"
        tar = f"tar -C {self.tree.files} --exclude=.git --sort=name -cf - . | {packer} > {out}"
        return run(["bash", "-c", f"{tar} && crane append --insecure --new_layer {out} --new_tag {target}"])

    def _case(self, name: str) -> str:
        return f"{self.name}, {name}"

    def _pushed(self, name: str) -> str:
        return f"{self._case(name)}, to a registry"

    def _row(self, case: str, tool: str = TOOL):
        return self._find(self._case(case), tool)

    def _find(self, case: str, tool: str = TOOL):
        row = self.suite.find(case, tool)
        return row if row and row.samples else None


class Buildah:
    """`FROM scratch / COPY`, built with a cache of layers and pushed; or the same files added and committed to a layout."""

    def __init__(self, tree: Tree, port: int = 0) -> None:
        self.tree, self.port, self.turn = tree, port, 0
        self.store = tree.place / "buildah"
        self.root = f"--root {self.store}/store --runroot {self.store}/run --storage-driver vfs"
        (tree.place / "Containerfile").write_text("FROM scratch\nCOPY . /app\n", encoding="utf-8")
        (tree.place / "Containerfile.dockerignore").write_text(".git\n", encoding="utf-8")

    def build(self, cold: bool = False, changes: bool = False) -> Sample:
        if cold:
            self.turn += 1
            self.forget()
        if changes:
            _change(self.tree.files)
        image = f"127.0.0.1:{self.port}/apps/buildah{self.turn}:1"
        file = self.tree.place / "Containerfile"
        build = f"buildah {self.root} bud --quiet --layers --isolation chroot -f {file} -t {image} {self.tree.files}"
        return run(["bash", "-c", f"{build} && buildah {self.root} push --quiet --tls-verify=false {image}"])

    def commit(self, layout: Path) -> Sample:
        ignore = self.tree.place / "Containerfile.dockerignore"
        add = f"buildah {self.root} add --quiet --contextdir {self.tree.files} --ignorefile {ignore} $from {self.tree.files} /app"
        commit = f"buildah {self.root} commit --quiet --disable-compression=false --format oci $from oci:{layout}:app"
        return run(["bash", "-e", "-c", f"from=$(buildah {self.root} from scratch) && {add} && {commit}"])

    def forget(self) -> None:
        shutil.rmtree(self.store, ignore_errors=True)


def _ratio(slower, faster) -> float | None:
    return slower.median / faster.median if slower and faster and faster.median > 0 else None


def _sizes(one, other) -> float | None:
    return one.details["layerBytes"] / other.details["layerBytes"] if one and other else None


def _repository(source: Path, directory: Path) -> Tree:
    files = directory / "files"
    shutil.copytree(source, files, symlinks=True, ignore=shutil.ignore_patterns(".git", ".gitignore", ".gitattributes"))
    (files / "index.html").write_text("<p>first</p>\n", encoding="utf-8")
    (files / "Procfile").write_text("web: sleep 1000\n", encoding="utf-8")
    _git(files, "init", "--quiet", "-b", "main")
    _commit(files, "one")
    _git(files, "repack", "-adq")
    return Tree(files, directory)


def _change(files: Path) -> None:
    """Appends a line to a file in the middle of the tree, and commits it."""
    names = _git(files, "ls-files", "-z", "*.py").split("\0")
    with open(files / names[len(names) // 2], "a", encoding="utf-8") as file:
        file.write("# changed\n")
    _commit(files, "change")


def _commit(files: Path, message: str) -> None:
    _git(files, "add", "--all")
    _git(files, "-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "--quiet", "-m", message)


def _git(directory: Path, *words: str) -> str:
    command = ["git", "-c", "gc.auto=0", "-c", "core.autocrlf=false", "-C", str(directory), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _arguments():
    parser = options.parser(__doc__, rounds=5)
    build = options.REPOSITORY / ".build"
    parser.add_argument("--slipway", default=str(build / "release/slipway"), metavar="FILE", help="the program")
    parser.add_argument(
        "--tree", type=Path, action="append", metavar="DIR", help="files to make a layer of; may be given again"
    )
    wheels = build / "bench/large-tree"
    parser.add_argument("--wheels", type=Path, default=wheels, metavar="DIR", help="where the large tree is kept")
    parser.add_argument("--seed", type=Path, required=True, metavar="DIR", help="registry storage with the base images")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

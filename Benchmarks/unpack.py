"""Base images, from a layout and from a registry, to directories that a step can use: a part of sandbox.py."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness import scratch, servers
from harness.command import run
from harness.sample import Bar, Sample
from harness.suite import Case, Suite, Tool

TOOL, ROUNDS = "slipway", 5


@dataclass(frozen=True)
class Base:
    """An image of the layout of base images."""

    name: str
    blob_bytes: int


def measure(suite: Suite, slipway: str, layout: Path, seed: Path, parent: str | None) -> None:
    """Unpacks the largest base image of a layout, and pulls it from a registry whose storage is a copy of `seed`."""
    base = _largest(layout)
    with scratch.scratch(8 * base.blob_bytes, parent) as directory:
        unpacking = Unpacking(suite, slipway, layout, base, Path(directory))
        unpacking.compare_unpacking()
        storage = Path(directory) / "registry"
        shutil.copytree(seed, storage)
        with servers.registry(directory, str(storage)) as port:
            unpacking.compare_pulls(port)
        unpacking.add_bars()


class Unpacking:
    """A base image that this node has never seen, until its files can be used."""

    def __init__(self, suite: Suite, slipway: str, layout: Path, base: Base, place: Path) -> None:
        self.suite, self.slipway, self.layout, self.base, self.place = suite, slipway, layout, base, place

    def compare_unpacking(self) -> None:
        bundle = self.place / "bundle"
        image = f"{self.layout}:{self.base.name}"
        tools = [
            Tool(TOOL, lambda _: self._pull(["--registries-layouts", str(self.layout)])),
            Tool("umoci unpack", lambda _: self._peer(["umoci", "unpack", "--image", image, str(bundle)], bundle), ["umoci"]),
        ]
        self.suite.compare([Case(self._case("from a layout"))], tools, rounds=ROUNDS)

    def compare_pulls(self, port: int) -> None:
        root, run_root = self.place / "containers", self.place / "containers-run"
        image = self.base.name.replace("docker.io/", f"127.0.0.1:{port}/")
        words = ["podman", "--root", str(root), "--runroot", str(run_root), "pull", "--quiet", "--tls-verify=false", image]
        tools = [
            Tool(TOOL, lambda _: self._pull(["--registries-mirrors", f"docker.io=127.0.0.1:{port}"])),
            Tool("podman pull", lambda _: self._peer(words, root), ["podman"]),
        ]
        self.suite.compare([Case(self._case("from a registry"))], tools, rounds=ROUNDS)

    def add_bars(self) -> None:
        ours = self._median("from a layout", TOOL)
        umoci = self._median("from a layout", "umoci unpack")
        ratio = umoci / ours if ours and umoci else None
        self.suite.bars.append(Bar("unpack of a base, times faster than umoci", ratio, 1.5, at_most=False))

    def _pull(self, flags: list[str]) -> Sample:
        cache = self.place / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        return run([self.slipway, "pull", self.base.name, "--cache-directory", str(cache), *flags])

    def _peer(self, words: list[str], made: Path) -> Sample:
        shutil.rmtree(made, ignore_errors=True)
        return run(words)

    def _median(self, how: str, tool: str) -> float | None:
        row = self.suite.find(self._case(how), tool)
        return row.median if row and row.samples else None

    def _case(self, how: str) -> str:
        return f"base of {self.base.blob_bytes / 1e6:.0f} MB compressed, {how}"


def _largest(layout: Path) -> Base:
    """The image with the most bytes of layers."""
    bases = []
    for entry in json.loads((layout / "index.json").read_text())["manifests"]:
        manifest = json.loads((layout / "blobs/sha256" / entry["digest"].split(":")[1]).read_text())
        name = entry.get("annotations", {}).get("org.opencontainers.image.ref.name")
        if name and "layers" in manifest:
            bases.append(Base(name, sum(layer["size"] for layer in manifest["layers"])))
    return max(bases, key=lambda base: base.blob_bytes)

#!/usr/bin/env python3
"""Images on their way to a registry and back, measured: large layers, many small ones, and what is there already."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import machine, options, report, scratch, servers
from harness.command import run
from harness.sample import Bar, Row, Sample
from harness.suite import Case, Suite, Tool

TOOL, PEER = "slipway copy", "skopeo copy"
PUSH, PULL, AGAIN = "push", "pull", "push again"
MANIFEST, CONFIG = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Shape:
    """An image by its layers, whose content no compression makes smaller."""

    name: str
    layers: int
    layer_bytes: int

    @property
    def size(self) -> int:
        return self.layers * self.layer_bytes


def main() -> int:
    arguments = _arguments()
    suite = Suite("registry", arguments.rounds, arguments.warmups)
    report.warn_of_disturbance()
    facts = machine.facts()
    shapes = [Shape(f"one layer of {_words(size)}", 1, size) for size in arguments.layer_bytes]
    if arguments.small_layers:
        name = f"{arguments.small_layers} layers of {_words(arguments.small_bytes)}"
        shapes.append(Shape(name, arguments.small_layers, arguments.small_bytes))
    # One copy in a layout, one in the registry; a pull has the registry's and its own.
    needed = 2 * max(shape.size for shape in shapes) + (64 << 20)
    with scratch.scratch(needed, arguments.scratch) as directory:
        storage = f"{directory}/storage"
        with servers.registry(directory, storage, counts_requests=True) as port:
            bench = Bench(suite, arguments.slipway, Path(directory), port)
            for shape in shapes:
                bench.compare(shape)
        bench.add_bars(shapes)
        return report.finish(suite, arguments.output, arguments.strict, facts)


class Bench:
    def __init__(self, suite: Suite, slipway: str, place: Path, port: int) -> None:
        self.suite, self.slipway, self.place, self.port = suite, slipway, place, port
        self.storage, self.layout, self.output = place / "storage", place / "layout", place / "output"
        self.size, self.shape = 0, ""

    def compare(self, shape: Shape) -> None:
        """The registry is empty before each push; what is pulled was pushed once, by a peer where one is there."""
        self.shape = shape.name
        _make_layout(self.layout, shape)
        self.size = sum(file.stat().st_size for file in (self.layout / "blobs/sha256").iterdir())
        layout, image = f"oci:{self.layout}:t", f"docker://127.0.0.1:{self.port}/bench/image:t"
        plain = f"127.0.0.1:{self.port}/bench/image:t"
        crane = ["crane", "push", "--insecure", str(self.layout), plain]
        self._run(PUSH, self._copy(layout, image), self._skopeo(layout, image), crane, before=self._empty_registry)
        self._run(AGAIN, self._copy(layout, image), self._skopeo(layout, image), crane)
        shutil.rmtree(self.layout)
        output = f"oci:{self.output}:t"
        crane = ["crane", "pull", "--insecure", "--format", "oci", plain, str(self.output)]
        self._run(PULL, self._copy(image, output), self._skopeo(image, output), crane, before=self._empty_output)
        self._empty_output()
        self._empty_registry()

    def add_bars(self, shapes: Sequence[Shape]) -> None:
        for shape in shapes:
            for way in (PUSH, PULL):
                ours, peers = self._row(shape, way, TOOL), self._row(shape, way, PEER)
                ratio = peers.median / ours.median if ours and peers else None
                name = f"{shape.name}, {way}, throughput against {PEER}"
                self.suite.bars.append(Bar(name, ratio, 1.0, at_most=False))
            again = self._row(shape, AGAIN, TOOL)
            requests = again.details["requests"] if again else None
            self.suite.bars.append(Bar(f"{shape.name}, {AGAIN}, requests for the tag", requests, 1))
        peaks = [sample.peak_rss_bytes for row in self.suite.rows if row.tool == TOOL for sample in row.samples]
        peak = max(peaks) / 2**20 if peaks else None
        self.suite.bars.append(Bar(f"peak memory of {TOOL}, any size", peak, 64, "MiB"))

    def _run(self, way: str, ours: list[str], skopeo: list[str], crane: list[str], before=lambda: None) -> None:
        def measured(name: str, words: list[str]) -> Sample:
            before()
            count = self._requests()
            sample = run(words, environment={"XDG_RUNTIME_DIR": str(self.place)})
            row = self.suite.row(self._case(way), name)
            row.details["requests"] = self._requests() - count
            return sample

        tools = [
            Tool(TOOL, lambda _: measured(TOOL, ours)),
            Tool(PEER, lambda _: measured(PEER, skopeo), ["skopeo"]),
            Tool("crane", lambda _: measured("crane", crane), ["crane"]),
        ]
        self.suite.compare([Case(self._case(way))], tools)
        for row in self.suite.rows:
            if row.case == self._case(way) and row.samples and way != AGAIN:
                row.details["megabytesPerSecond"] = round(self.size / row.median / 1e6, 1)

    def _copy(self, source: str, target: str) -> list[str]:
        return [self.slipway, "copy", source, target, "--cache-directory", str(self.place / "cache")]

    @staticmethod
    def _skopeo(source: str, target: str) -> list[str]:
        return ["skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false", source, target]

    def _case(self, way: str) -> str:
        return f"{self.shape}, {way}"

    def _row(self, shape: Shape, way: str, tool: str) -> Row | None:
        row = self.suite.find(f"{shape.name}, {way}", tool)
        return row if row and row.samples else None

    def _empty_registry(self) -> None:
        shutil.rmtree(self.storage / "docker", ignore_errors=True)

    def _empty_output(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)

    def _requests(self) -> int:
        return servers.registry_requests(str(self.place))


def _make_layout(layout: Path, shape: Shape) -> None:
    """An OCI layout of real layers: each a tar of one file of random bytes, in a gzip that stores them as they are."""
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    layers = [_make_layer(blobs, index, shape.layer_bytes) for index in range(shape.layers)]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _store(blobs, config, CONFIG),
        "layers": [descriptor for descriptor, _ in layers],
    }
    entry = _store(blobs, manifest, MANIFEST) | {"annotations": {"org.opencontainers.image.ref.name": "t"}}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def _make_layer(blobs: Path, index: int, size: int) -> tuple[dict[str, object], str]:
    digest, diff_id = hashlib.sha256(), hashlib.sha256()
    gzip, path = zlib.compressobj(0, wbits=31), blobs / "new"
    with open(path, "wb") as file:
        for piece in _tar(f"file{index}", size):
            diff_id.update(piece)
            packed = gzip.compress(piece)
            digest.update(packed)
            file.write(packed)
        packed = gzip.flush()
        digest.update(packed)
        file.write(packed)
    path.rename(blobs / digest.hexdigest())
    length = (blobs / digest.hexdigest()).stat().st_size
    descriptor = {"mediaType": LAYER, "digest": f"sha256:{digest.hexdigest()}", "size": length}
    return descriptor, f"sha256:{diff_id.hexdigest()}"


def _tar(name: str, size: int) -> Iterator[bytes]:
    """A tar of one file; a size over 8 GiB does not fit its header."""
    fields = f"{name:\0<100}0000644\0{0:07o}\0{0:07o}\0{size:011o}\0{1:011o}\0        0{'':\0<100}ustar\00000"
    header = fields.encode().ljust(512, b"\0")
    total = sum(header)
    yield header[:148] + f"{total:06o}\0 ".encode() + header[156:]
    left = size
    while left > 0:
        piece = os.urandom(min(left, 1 << 20))
        left -= len(piece)
        yield piece
    yield bytes(-size % 512 + 1024)


def _store(blobs: Path, document: dict[str, object], media_type: str) -> dict[str, object]:
    content = json.dumps(document, separators=(",", ":")).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _words(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not match:
        raise ValueError(f"{text!r} is no size: expected a number and K, M or G")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]]


def _arguments():
    parser = options.parser(__doc__, rounds=3)
    program = options.REPOSITORY / ".build/release/slipway"
    parser.add_argument("--slipway", default=str(program), metavar="FILE", help="the program")
    parser.add_argument(
        "--layer-bytes",
        type=_size,
        nargs="*",
        default=[1 << 30, 4 << 30],
        metavar="SIZE",
        help="images of one layer of this size each; 512M, 4G",
    )
    parser.add_argument("--small-layers", type=int, default=200, metavar="N", help="layers of the image of small ones")
    parser.add_argument("--small-bytes", type=_size, default=64 << 10, metavar="SIZE", help="the size of those")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""Other ways from a git URL to a pushed image, on the same servers: what is there today without Slipway."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm import Farm
from harness.command import run
from harness.sample import Sample
from harness.suite import Tool


@dataclass(frozen=True)
class Source:
    """What a peer has to be told, and Slipway finds out: the base image and what starts the app."""

    project: str
    base: str
    start: Sequence[str]


def tools(farm: Farm) -> list[Tool]:
    return [
        Tool("git, umoci, skopeo", lambda source: _by_umoci(farm, source), ["git", "umoci", "skopeo"]),
        Tool("git, buildah", lambda source: _by_buildah(farm, source), ["git", "buildah"]),
    ]


def _by_umoci(farm: Farm, source: Source) -> dict[str, Sample]:
    folder = _fresh(farm)
    layout, target = f"oci:{folder}/layout:app", f"docker://{_target(farm, source)}"
    configuration = [word for part in source.start for word in ("--config.cmd", part)]
    return _whole(
        folder,
        ["git", "clone", "--quiet", "--depth", "1", farm.repository(source.project), f"{folder}/tree"],
        ["rm", "-r", f"{folder}/tree/.git"],
        ["skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{farm.mirrored(source.base)}", layout],
        ["umoci", "insert", "--rootless", "--image", f"{folder}/layout:app", f"{folder}/tree", "/app"],
        ["umoci", "config", "--image", f"{folder}/layout:app", "--config.workingdir", "/app", *configuration],
        ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", layout, target],
    )


def _by_buildah(farm: Farm, source: Source) -> dict[str, Sample]:
    folder = _fresh(farm)
    words = ", ".join(f'"{part}"' for part in source.start)
    recipe = f"FROM {farm.mirrored(source.base)}\nCOPY . /app\nWORKDIR /app\nCMD [{words}]\n"
    Path(folder, "Containerfile").write_text(recipe, encoding="utf-8")
    Path(folder, "Containerfile.dockerignore").write_text(".git\n", encoding="utf-8")
    store = ["--root", f"{folder}/store", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
    image, plain = _target(farm, source), "--tls-verify=false"
    options = ["--quiet", "--isolation", "chroot", plain, "--file", f"{folder}/Containerfile", "--tag", image]
    return _whole(
        folder,
        ["git", "clone", "--quiet", "--depth", "1", farm.repository(source.project), f"{folder}/tree"],
        ["buildah", *store, "bud", *options, f"{folder}/tree"],
        ["buildah", *store, "push", "--quiet", plain, image],
    )


def _whole(folder: str, *commands: Sequence[str]) -> dict[str, Sample]:
    """The commands one after another, as one sample."""
    parts = [run(command) for command in commands]
    shutil.rmtree(folder)
    return {
        "whole": Sample(
            sum(part.value for part in parts),
            sum(part.cpu_seconds or 0 for part in parts),
            max(part.peak_rss_bytes or 0 for part in parts),
        )
    }


def _fresh(farm: Farm) -> str:
    folder = f"{farm.directory}/{farm.name('peer')}"
    os.mkdir(folder)
    return folder


def _target(farm: Farm, source: Source) -> str:
    return f"127.0.0.1:{farm.registry_port}/{farm.name('peer')}/{source.project}:1"

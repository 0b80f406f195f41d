#!/bin/bash
# Makes the base images that the buildpack rules name, from Debian 13 packages alone: they carry the names of the official
# images and stand in for them where no public registry is reached. What they hold is Debian's version; their labels say so.
# Result, in the cache: base-images (an OCI layout) and registry-seed (storage of a registry that holds the same images).
# All images share the layer of debian:13-slim; times are fixed, so the same packages and tools give the same digests.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup-apt.sh
. "$repository/scripts/setup-apt.sh"
# shellcheck source=scripts/servers.sh
. "$repository/scripts/servers.sh"
# shellcheck source=scripts/image-names.sh
. "$repository/scripts/image-names.sh"
# shellcheck source=scripts/base-images-rootfs.sh
. "$repository/scripts/base-images-rootfs.sh"
# shellcheck source=scripts/base-images-oci.sh
. "$repository/scripts/base-images-oci.sh"

python=$(default_of python)
caddy=$(image_of static)
# What is made: reference | Debian package that is it | further packages. Images of Node.js and Go have the names of Debian's versions, which
# have ended: behaviour differs too much for a later one's name.
images=(
    "docker.io/library/python:$python-slim|python3.13|python3 python3-pip python3-venv ca-certificates netbase tzdata"
    "docker.io/library/python:$python|python3.13|python3 python3-dev python3-pip python3-venv gcc libc6-dev git ca-certificates netbase tzdata"
    'docker.io/library/node:20.19.2-slim|nodejs|ca-certificates'
    'docker.io/library/node:20.19.2|nodejs|npm git ca-certificates'
    'docker.io/library/golang:1.24.4|golang-1.24-go|golang-go git ca-certificates'
    "$caddy|caddy|ca-certificates"
)
debian_image=docker.io/library/debian:13-slim
layout=$cache/base-images
seed=$cache/registry-seed
recipe=$({
    printf '%s\n' "${images[@]}"
    cat "$repository"/scripts/base-images*.sh
} | sha256sum | cut -d " " -f 1)

is_made() { [ -f "$layout/index.json" ] && [ -d "$seed" ] && [ "$(cat "$layout/.recipe" 2>/dev/null)" = "$recipe" ]; }

# The name is that of the version which the rules take; what Debian has is another one mostly, which the label tells.
note_version() {
    local reference=$1 package=$2 version=$3 named=${1##*:}
    [[ $version == "${named%-slim}"[-+]* ]] || say "note: $reference holds $package $version, which is what Debian has"
}

make_images() {
    local entry reference package more version tag
    say "making debian:13-slim (1 of $((${#images[@]} + 1)))"
    quietly base-image-debian make_rootfs "$work/debian.tar"
    quietly base-image-debian-oci make_debian "$debian_image"
    for entry in "${images[@]}"; do
        IFS='|' read -r reference package more <<<"$entry"
        say "making ${reference##*/}"
        tag=${reference##*/}
        tag=${tag//:/-}
        # shellcheck disable=SC2086 # a list of names
        quietly "base-image-$tag" make_rootfs "$work/$tag.tar" "$package" $more
        version=$(package_version "$work/$tag.tar" "$package")
        note_version "$reference" "$package" "$version"
        quietly "base-image-$tag-oci" add_rootfs "$reference" "$tag" "$work/$tag.tar" "$package=$version"
        rm "$work/$tag.tar"
    done
}

is_made && exit 0
if [ "$(id -u)" != 0 ]; then
    # Owners and devices of a root filesystem are root's business.
    as_root env SLIPWAY_CACHE="$cache" V="${V:-0}" "$0"
    as_root chown -R "$(id -u):$(id -g)" "$cache"
    exit
fi
lock base-images
is_made && exit 0
say "making base images from Debian 13 packages, once (about 4 minutes)"
work=$cache/base-images.work
trap 'stop_servers; rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work"
need_lists
make_images
make_seed
echo "$recipe" >"$work/oci/.recipe"
rm -rf "$layout" "$seed"
mv "$work/seed" "$seed"
mv "$work/oci" "$layout"
say "made $layout and $seed ($(du -sh "$layout" | cut -f 1))"

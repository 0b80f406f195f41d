#!/bin/bash
# Makes the images of further toolchains that the buildpack rules name, from Debian 13 packages, as base-images.sh makes the first
# ones, and Bun's program, which Debian has not: tests build real apps in them and run what comes out. Arguments say which; without
# any, all but those that are large.
# Result, in the cache: toolchains/NAME/images (an OCI layout), and beside it `packages`, what a registry of the language's packages answers,
# and `mirror`, where Debian's are from.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup-apt.sh
. "$repository/scripts/setup-apt.sh"
# shellcheck source=scripts/apt-root.sh
. "$repository/scripts/apt-root.sh"
# shellcheck source=scripts/base-images-rootfs.sh
. "$repository/scripts/base-images-rootfs.sh"
# shellcheck source=scripts/base-images-oci.sh
. "$repository/scripts/base-images-oci.sh"
# shellcheck source=scripts/toolchain-images-oci.sh
. "$repository/scripts/toolchain-images-oci.sh"
# shellcheck source=scripts/image-names.sh
. "$repository/scripts/image-names.sh"
# shellcheck source=scripts/toolchain-bun.sh
. "$repository/scripts/toolchain-bun.sh"
# shellcheck source=scripts/toolchain-clojure.sh
. "$repository/scripts/toolchain-clojure.sh"
# shellcheck source=scripts/toolchain-cpp.sh
. "$repository/scripts/toolchain-cpp.sh"
# shellcheck source=scripts/toolchain-php.sh
. "$repository/scripts/toolchain-php.sh"
# shellcheck source=scripts/toolchain-ruby.sh
. "$repository/scripts/toolchain-ruby.sh"

php=$(default_of php)
ruby=$(default_of ruby)
bun=$(default_of bun)
# What is made: toolchain | references | Debian package that is it | further packages. Where tests' apps name no version, the reference is that
# of the default.
images=(
    'rust|docker.io/library/rust:1.85.1-bookworm|rustc|cargo gcc libc6-dev ca-certificates'
    "php|docker.io/dunglas/frankenphp:1-php${php%.*} docker.io/library/composer:2|composer|php8.4-cli php8.4-fpm php8.4-mbstring php8.4-xml php8.4-intl php8.4-zip php8.4-gd php8.4-mysql php8.4-pgsql caddy unzip ca-certificates netbase"
    "ruby|docker.io/library/ruby:$ruby docker.io/library/ruby:$ruby-slim|ruby3.3|ruby bundler libxml2 libxslt1.1 libsqlite3-0 tzdata ca-certificates netbase"
    'java|docker.io/library/maven:3.9-eclipse-temurin-21 docker.io/library/eclipse-temurin:21-jdk docker.io/library/gradle:8-jdk21|maven|openjdk-21-jdk-headless gradle libmaven-resources-plugin-java libmaven-compiler-plugin-java libsurefire-java libmaven-jar-plugin-java ca-certificates'
    'java|docker.io/library/eclipse-temurin:21-jre|openjdk-21-jre-headless|ca-certificates netbase'
    'elixir|docker.io/library/elixir:1.18.3 docker.io/library/elixir:1.18.3-slim|elixir|ca-certificates netbase'
    "bun|docker.io/oven/bun:$bun docker.io/oven/bun:$bun-slim|ca-certificates|"
    'cpp|docker.io/library/buildpack-deps:trixie|gcc|g++ make libc6-dev ca-certificates'
    'clojure|docker.io/library/clojure:temurin-21-lein docker.io/library/clojure:temurin-21-tools-deps|leiningen|openjdk-21-jdk-headless libtools-deps-clojure libtools-build-clojure libring-jetty-adapter-clojure ca-certificates'
    'swift|docker.io/library/swift:6.0.3|swiftlang|g++ git ca-certificates'
)
standard=(rust php ruby java elixir bun cpp clojure)
debian_image=docker.io/library/debian:13-slim
place=$cache/toolchains

# Java's packages link manuals into a directory that slim images lack. Nothing has to survive a crash while an image is made.
# shellcheck disable=SC2016 # mmdebstrap gives the folder as $1
slim_options+=(--essential-hook='mkdir -p "$1/usr/share/man/man1"' --dpkgopt=force-unsafe-io)

# The lines of a toolchain.
images_of() { printf '%s\n' "${images[@]}" | grep "^$1|" || die "no toolchain is called '$1'; there are: ${standard[*]}"; }

# The lines, and the scripts that all toolchains or this one are made by.
recipe_of() {
    {
        images_of "$1"
        cat "$repository"/scripts/{base-images-*.sh,toolchain-images-oci.sh}
        find "$repository/scripts" -name "toolchain-$1[.-]*" -print0 | sort --zero-terminated | xargs --null --no-run-if-empty cat
    } | sha256sum | cut -d ' ' -f 1
}

is_made() { [ "$(cat "$place/$1/recipe" 2>/dev/null)" = "$(recipe_of "$1")" ]; }

# Fails with the names of packages that the mirror does not have.
need_packages() {
    local missing
    missing=$(for name in "$@"; do images_of "$name"; done | cut -d '|' -f 3,4 | tr '| ' '\n' | sed '/^$/d' | sort -u \
        | comm -23 - <(APT_CONFIG=$place/apt/apt.conf apt-cache pkgnames | sort))
    [ -z "$missing" ] || die "the mirror $mirror lacks packages of Debian 13 that toolchains are made of: $(paste -sd ' ' <<<"$missing")." \
        "SLIPWAY_DEBIAN_MIRROR names another mirror"
}

make_toolchain() {
    local name=$1 references package more tag work=$place/$1.work
    mkdir -p "$work/oci" "$work/done"
    # Scripts of a toolchain's own may say how it is run, and add files.
    if declare -F "configure_$name" >/dev/null; then configure_toolchain() { "configure_$name" "$@"; }; fi
    skopeo copy --quiet "oci:$cache/base-images:$debian_image" "oci:$work/oci:debian"
    umoci unpack --image "$work/oci:debian" "$work/bundle"
    while IFS='|' read -r _ references package more; do
        tag=$package
        # shellcheck disable=SC2086 # a list of names
        make_rootfs "$work/$tag.tar" "$package" $more
        if declare -F "files_of_$name" >/dev/null; then "files_of_$name" "$work/$tag.tar"; fi
        add_toolchain "$references" "$tag" "$work/$tag.tar" "$package=$(package_version "$work/$tag.tar" "$package")"
        rm "$work/$tag.tar"
    done < <(images_of "$name")
    add_further "$name"
    umoci rm --image "$work/oci:debian"
    umoci gc --layout "$work/oci"
    mv "$work/oci" "$work/done/images"
    echo "$mirror" >"$work/done/mirror"
    recipe_of "$name" >"$work/done/recipe"
    rm -rf "${place:?}/$name"
    mv "$work/done" "$place/$name"
    rm -rf "$work"
}

make_one() {
    quietly "toolchain-$1" make_toolchain "$1"
    say "made $place/$1 ($(du -sh "$place/$1" | cut -f 1))"
}

names=("$@")
[ $# != 0 ] || names=("${standard[@]}")
wanted=()
for name in "${names[@]}"; do
    images_of "$name" >/dev/null
    is_made "$name" || wanted+=("$name")
done
[ ${#wanted[@]} != 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
    # Owners and devices of a root filesystem are root's business.
    as_root env SLIPWAY_CACHE="$cache" V="${V:-0}" "$0" "${wanted[@]}"
    as_root chown -R "$(id -u):$(id -g)" "$cache"
    exit
fi
"$repository/scripts/base-images.sh"
lock toolchains
trap 'rm -rf "$place"/*.work "$place/apt"' EXIT
rm -rf "$place"/*.work
mkdir -p "$place"
need_lists
mirror=$(debian_mirror)
export SLIPWAY_DEBIAN_MIRROR=$mirror
open_apt_root "$place/apt" trixie
unset APT_CONFIG
need_packages "${wanted[@]}"
say "making images of toolchains from Debian 13 packages, once (about a minute each): ${wanted[*]}"
# One is downloaded and written while another is compressed.
failed=() jobs=()
for name in "${wanted[@]}"; do
    if [ ${#jobs[@]} = 2 ]; then
        wait "${jobs[0]}" || failed+=("${jobs[0]}")
        jobs=("${jobs[1]}")
    fi
    make_one "$name" &
    jobs+=("$!")
done
for job in "${jobs[@]}"; do wait "$job" || failed+=("$job"); done
[ ${#failed[@]} = 0 ]

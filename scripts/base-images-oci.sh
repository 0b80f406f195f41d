# shellcheck shell=bash
# From root filesystems to images in one OCI layout, and from there to the storage of a registry. Source it after
# base-images-rootfs.sh; `work` is the folder that everything is made in.
# shellcheck disable=SC2154 # `work`, `created` and `debian_image` are the sourcing script's

history=(--history.created "$created" --history.author 'Slipway')
search_path=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

configure() {
    local tag=$1
    shift
    umoci config --image "$work/oci:$tag" --no-history --created "$created" --architecture amd64 --os linux \
        --config.label 'org.opencontainers.image.description=Made from Debian 13 packages alone; stands in for the official image of this name' \
        --config.env "$search_path" "$@"
}

# What the official images say about how to run them.
configure_program() {
    local tag=$1 program=$2 version=${2#*=}
    version=${version%%[-+]*}
    case $program in
    python3*) set -- --config.env "PYTHON_VERSION=$version" --config.cmd python3 ;;
    nodejs=*) set -- --config.env "NODE_VERSION=$version" --config.cmd node ;;
    golang-*) set -- --config.env "GOLANG_VERSION=$version" --config.env GOTOOLCHAIN=local --config.env GOPATH=/go \
        --config.env "PATH=/go/bin:/usr/local/go/bin:${search_path#PATH=}" --config.workingdir /go --config.cmd bash ;;
    caddy=*) set -- --config.env XDG_CONFIG_HOME=/config --config.env XDG_DATA_HOME=/data --config.workingdir /srv \
        --config.cmd caddy --config.cmd run --config.cmd --config --config.cmd /etc/caddy/Caddyfile ;;
    *) die "how to run $program is not written down in ${BASH_SOURCE[0]}" ;;
    esac
    configure "$tag" --config.label "org.debian.package=$program" "$@"
}

# Gives a manifest its full name, which umoci does not take as a tag.
name_manifest() {
    jq --arg tag "$1" --arg name "$2" '(.manifests[].annotations | select(."org.opencontainers.image.ref.name" == $tag)
        ."org.opencontainers.image.ref.name") = $name' "$work/oci/index.json" >"$work/index.json"
    mv "$work/index.json" "$work/oci/index.json"
}

# make_debian REFERENCE: the image of one layer below all others; a bundle of it stays unpacked to compare with.
make_debian() {
    umoci init --layout "$work/oci"
    umoci new --image "$work/oci:debian"
    umoci raw add-layer --image "$work/oci:debian" "${history[@]}" --history.created_by 'Debian 13, essential packages and apt' "$work/debian.tar"
    configure debian --config.cmd bash
    umoci unpack --image "$work/oci:debian" "$work/bundle"
}

# add_rootfs REFERENCE TAG TAR PACKAGE=VERSION: a second layer with what the tar has beyond Debian's. The tag is for umoci alone.
add_rootfs() {
    local tag=$2
    rm -rf "$work/bundle/rootfs"
    mkdir "$work/bundle/rootfs"
    tar --extract --numeric-owner --same-permissions --file "$3" --directory "$work/bundle/rootfs"
    umoci tag --image "$work/oci:debian" "$tag"
    umoci repack --image "$work/oci:$tag" "${history[@]}" --history.created_by "Debian package $4" "$work/bundle"
    configure_program "$tag" "$4"
    name_manifest "$tag" "$1"
}

# Copies all images into the storage of a registry, byte for byte.
make_seed() {
    local port name
    name_manifest debian "$debian_image"
    umoci gc --layout "$work/oci"
    port=$(free_port)
    start_registry "$work/seed" "$port" "$work/registry.log"
    while read -r name; do
        quietly "registry-seed-$(basename "$name")" skopeo copy --preserve-digests --dest-tls-verify=false \
            "oci:$work/oci:$name" "docker://127.0.0.1:$port/${name#docker.io/}"
    done < <(jq --raw-output '.manifests[].annotations."org.opencontainers.image.ref.name"' "$work/oci/index.json")
    stop_servers
}

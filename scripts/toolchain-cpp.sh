# shellcheck shell=bash
# How the image is run that C and C++ are compiled in. Source it after toolchain-images-oci.sh.

# configure_cpp TAG PACKAGE=VERSION: as the official image says.
configure_cpp() { configure "$1" --config.label "org.debian.package=$2" --config.cmd bash; }

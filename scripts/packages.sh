# shellcheck shell=bash
# shellcheck disable=SC2034 # the lists are for the script that sources this one
# The Debian packages that Slipway needs, by purpose. The names are the same on Debian 12 and 13.
# Source it; it defines lists and installs nothing.

# C libraries that the Swift modules bind, with their headers.
packages_to_build=(
    g++                     # the C++ library and its headers, which Swift's static runtime links; the name has no version
    libgit2-dev             # git repositories; Debian 12 has it new enough in backports only, see setup.sh
    libarchive-dev          # reading layers of other people's images
    libhiredis-dev          # the codec of Redis' protocol
    libcurl4-openssl-dev    # HTTP
    libssl-dev              # TLS and digests
    zlib1g-dev              # inflating
    libdeflate-dev          # compressing layers
    libzstd-dev             # compressing layers where the target takes zstd
    libyaml-dev             # configuration and buildpack rules
    pkg-config              # finds all of them
)

# Real servers that tests and the demo start by themselves, and the tools that judge what Slipway made.
packages_to_test=(
    redis-server redis-tools                        # the queue
    docker-registry skopeo umoci                    # a registry; independent readers of images
    podman crun runc uidmap e2fsprogs               # running images and build steps
    git git-lfs openssh-server openssh-client       # git servers over http and ssh
    lighttpd lighttpd-mod-openssl apache2-utils     # http in front of git, with TLS and passwords
    nginx-light                                     # a proxy in front of a registry, with a limit and mutual TLS
    libarchive-tools xz-utils file                  # bsdtar and friends: independent readers of layers
    curl jq openssl python3 python3-venv            # clients and small helpers
    python3-redis                                   # a producer in another language
    faketime pigz libdeflate-tools zstd             # another clock; other readers of gzip and zstd
    strace                                          # kills a program at each of its writes
    systemd                                         # systemd-analyze judges the units
)

# Making base images and the Kubernetes API server, which are cached.
packages_to_prepare=(
    mmdebstrap debian-archive-keyring busybox-static
    dpkg-dev                # unpacks source packages
)

# What `make check` runs.
packages_to_check=(
    shellcheck python3-yaml
)

# Installed where Debian has them: in Debian 13, and in the backports of Debian 12.
packages_where_there_are=(
    valkey-server valkey-tools      # the other Redis: the queue's tests run on both
    isal                            # igzip, which layers are measured beside
)

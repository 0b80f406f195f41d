# shellcheck shell=bash
# What the image that Clojure is built in has beside Debian's packages. Source it after toolchain-images-oci.sh.
# shellcheck disable=SC2154 # `work`, `repository` are those of the sourcing script

# configure_clojure TAG PACKAGE=VERSION: as the official image says.
configure_clojure() {
    configure "$1" --config.label "org.debian.package=$2" --config.env JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64 --config.cmd lein
}

# files_of_clojure TAR: adds what stands in for Clojure's command line.
files_of_clojure() {
    install -D -m 755 "$repository/scripts/toolchain-clojure-cli" "$work/files/usr/local/bin/clojure"
    tar --append --file "$1" --directory "$work/files" --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        ./usr/local/bin/clojure
}

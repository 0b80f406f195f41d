# shellcheck shell=bash
# The registry of PHP packages that tests ask. Source it after apt-root.sh.
# shellcheck disable=SC2154 # `place`, `work`, `repository` are those of the sourcing script

# What the tests' apps name, by Debian's names.
php_apps=(php-symfony-framework-bundle php-symfony-console php-symfony-dotenv php-symfony-runtime php-symfony-yaml)

# make_composer_packages FOLDER: packages for Composer of Debian's libraries, as a registry would have them.
make_composer_packages() {
    export APT_CONFIG=$place/apt/apt.conf
    mkdir -p "$work/debs" "$1"
    cd "$work/debs" || return
    # shellcheck disable=SC2046 # a list of names
    apt-get download $(needed_packages '^php-(symfony|psr)-' "${php_apps[@]}")
    "$repository/scripts/toolchain-php-packages" . "$1"
}

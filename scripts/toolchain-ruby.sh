# shellcheck shell=bash
# The registry of gems that tests of Ruby ask. Source it after apt-root.sh.
# shellcheck disable=SC2154 # `place`, `work`, `repository` are those of the sourcing script

# What the tests' apps name, by Debian's names.
ruby_apps=(ruby-rails ruby-rails-propshaft ruby-sqlite3 puma ruby-sinatra ruby-rackup ruby-webrick)

# make_gems FOLDER: gems of what Debian's packages of Ruby have, as a registry would have them.
make_gems() {
    local file
    export APT_CONFIG=$place/apt/apt.conf
    mkdir -p "$work/gems/packages"
    cd "$work/gems" || return
    # shellcheck disable=SC2046 # a list of names
    apt-get download $(needed_packages '^(ruby-|libruby[0-9]|rake$|puma$)' "${ruby_apps[@]}" | grep --invert-match '^ruby-bundler$')
    for file in ./*.deb; do
        dpkg-deb --extract "$file" "packages/${file%%_*}"
        rm "$file"
    done
    "$repository/scripts/toolchain-ruby-gems" packages "$1"
}

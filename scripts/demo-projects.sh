# shellcheck shell=bash
# Three real published projects, as git repositories of two commits each: the source as its authors published it, and one
# change that makes it ready to deploy. The sources are Debian's unchanged upstream tars, checked by the archive's signature, and kept in
# the cache. Source it after lib.sh, setup-apt.sh and apt-root.sh.

# shellcheck disable=SC2016 # $PORT is the app's
# name | source package | file added by the second commit | its text (\n is a line end) | text that the running app's page has
# to show | more members of the request, as JSON
demo_projects=(
    'bottle|python-bottle|Procfile|web: python bottle.py --bind 0.0.0.0:$PORT wsgiref.simple_server:demo_app|Hello world!|{}'
    'wizard|libjs-twitter-bootstrap-wizard|robots.txt|User-agent: *|Twitter Bootstrap Wizard|{}'
    'cors|python-flask-cors|examples/requirements.txt|flask==3.1.0\nflask-cors==6.0.1\nwaitress==3.0.2|Hello CORS!|{"rootDirectory": "examples", "startCommand": "waitress-serve --listen=0.0.0.0:$PORT app_based_example:app"}'
)
# shellcheck disable=SC2154 # lib.sh gives it
demo_cache=$cache/demo

# The upstream tar of a source package, downloaded when it is not in the cache.
upstream_tar() { find "$demo_cache" -maxdepth 1 -name "$1_*.orig.tar.*" 2>/dev/null | head -n 1; }

download_source() {
    local folder=$demo_cache/download
    rm -rf "$folder"
    mkdir -p "$folder"
    cd "$folder" || return
    apt-get source --download-only --tar-only "$1"
    mv "$folder/$1"_*.orig.tar.* "$demo_cache/"
    rm -rf "$folder"
}

download_projects() {
    local project package more=()
    for project in "${demo_projects[@]}"; do
        IFS='|' read -r _ package _ <<<"$project"
        [ -n "$(upstream_tar "$package")" ] || more+=("$package")
    done
    [ ${#more[@]} -gt 0 ] || return 0
    say "downloading the source of ${more[*]} from Debian's archive"
    (
        open_apt_root "$demo_cache/apt" trixie
        for package in "${more[@]}"; do quietly "demo-$package" download_source "$package"; done
    )
    rm -rf "$demo_cache/apt"
}

# Git as it is on every machine: no settings of the person who runs this, and always the same commits.
demo_git() {
    GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null \
        GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@localhost GIT_AUTHOR_DATE='2025-01-01T00:00:00Z' \
        GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@localhost GIT_COMMITTER_DATE='2025-01-01T00:00:00Z' git "$@"
}

# make_repository NAME PACKAGE FILE TEXT FOLDER: a bare repository FOLDER/NAME.git with a branch `main`.
make_repository() {
    local name=$1 tar tree=$5/$1.tree
    tar=$(upstream_tar "$2")
    mkdir -p "$tree"
    tar --extract --strip-components=1 --file "$tar" --directory "$tree"
    demo_git -C "$tree" init --quiet --initial-branch main
    demo_git -C "$tree" add --all --force
    demo_git -C "$tree" commit --quiet --message "Import $(basename "$tar" | sed 's/\.orig\.tar.*//; s/_/ /')"
    printf '%b\n' "$4" >"$tree/$3"
    demo_git -C "$tree" add "$3"
    demo_git -C "$tree" commit --quiet --message "Add $3"
    demo_git clone --quiet --bare "$tree" "$5/$name.git"
    rm -rf "$tree"
}

# make_repositories FOLDER
make_repositories() {
    local project name package file text
    download_projects
    for project in "${demo_projects[@]}"; do
        IFS='|' read -r name package file text _ <<<"$project"
        quietly "demo-git-$name" make_repository "$name" "$package" "$file" "$text" "$1"
    done
}

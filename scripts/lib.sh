# shellcheck shell=bash
# What every script here shares: messages, errors that are a sentence, quiet commands, root when it is needed,
# and the cache outside the checkout. Source it; it does nothing by itself.
# shellcheck disable=SC2034 # the names are for the scripts that source this one

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
logs=$cache/logs

# The name in front of each message: the script that runs, without its suffix.
topic=$(basename "${0%.sh}")

say() { printf '%s: %s\n' "$topic" "$*"; }

# Ends the script. The message says what is wrong and what to do about it.
die() {
    printf '%s: error: %s\n' "$topic" "$*" >&2
    exit 1
}

# quietly NAME COMMAND...: runs a command or function with its output in a log file; the end of the log is shown when it
# fails. V=1 shows all of it. A function runs in a shell of its own, and ends at its first failing command.
quietly() {
    local log=$logs/$1.log status=0
    shift
    mkdir -p "$logs"
    set +e
    if [ "${V:-0}" = 1 ]; then
        (set -e; "$@") 2>&1 | tee "$log"
        status=${PIPESTATUS[0]}
    else
        (set -e; "$@") >"$log" 2>&1
        status=$?
    fi
    set -e
    [ "$status" = 0 ] && return
    [ "${V:-0}" = 1 ] || tail -n 25 "$log" >&2
    die "'$*' failed; its last lines are above, all of them are in $log"
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: run it as root, or install sudo and allow $(id -un) to use it"
    fi
}

# Waits until no other script works on the same part of the cache; held until this script ends.
lock() {
    mkdir -p "$cache"
    exec {lock_descriptor}>"$cache/$1.lock"
    flock --nonblock "$lock_descriptor" && return
    say "waiting for another run that works on $cache/$1 ..."
    flock "$lock_descriptor"
}

# Releases what `lock` took, so that servers started later do not inherit it.
unlock() { exec {lock_descriptor}>&-; }

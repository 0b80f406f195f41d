# shellcheck shell=bash
# Starting servers on free loopback ports and ending every one of them, by its id, when the script ends. Source it after lib.sh.

server_ids=()

# A port that was free a moment ago.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_server LOG COMMAND...: in the background, in a session of its own, so that Ctrl-C reaches this script first.
start_server() {
    local log=$1
    shift
    setsid "$@" >"$log" 2>&1 </dev/null &
    server_ids+=("$!")
    # shellcheck disable=SC2034 # for the caller
    server_id=$!
}

# wait_until SECONDS WHAT COMMAND...: asks until the command succeeds; fails with a sentence.
wait_until() {
    local seconds=$1 what=$2 end=$((SECONDS + $1))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || die "$what did not happen within $seconds seconds; the logs are in ${work:-$logs}"
        sleep 0.1
    done
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

# stop_server ID: asks politely, waits up to 10 seconds, then insists.
stop_server() {
    local _
    kill "$1" 2>/dev/null || return 0
    for _ in $(seq 100); do
        is_gone "$1" && break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# Ends all servers, the one started last first.
stop_servers() {
    local index
    for ((index = ${#server_ids[@]} - 1; index >= 0; index--)); do stop_server "${server_ids[index]}"; done
    server_ids=()
}

# start_registry FOLDER PORT LOG: a container registry over a folder, without logging in.
start_registry() {
    local config=$3.yml
    cat >"$config" <<YAML
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $1}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$2"}
YAML
    start_server "$3" docker-registry serve "$config"
    wait_until 20 "an answer of the registry on port $2" curl --fail --silent "http://127.0.0.1:$2/v2/"
}

# shellcheck shell=bash
# The servers around a worker, each on a free loopback port, and the worker itself. Source it after lib.sh and servers.sh;
# `work` is the folder for their files.
# shellcheck disable=SC2034,SC2154 # `worker_id` is for, `work` and `repository` are of, the sourcing script

# start_git PORT: the repositories in WORK/git over http, by git's own CGI program.
start_git() {
    local program
    program=$(git --exec-path)/git-http-backend
    [ -x "$program" ] || die "$program is missing: install git again"
    cat >"$work/lighttpd.conf" <<CONF
server.modules = ("mod_alias", "mod_cgi", "mod_setenv")
server.document-root = "$work"
server.bind = "127.0.0.1"
server.port = $1
server.errorlog = "$work/lighttpd.log"
alias.url = ("/" => "$program/")
cgi.assign = ("" => "")
setenv.set-environment = ("GIT_PROJECT_ROOT" => "$work/git", "GIT_HTTP_EXPORT_ALL" => "1")
CONF
    start_server "$work/lighttpd.out" lighttpd -D -f "$work/lighttpd.conf"
    wait_until 20 "an answer of the git server on port $1" git ls-remote "http://127.0.0.1:$1/bottle.git"
}

# start_redis PORT: with an append-only file, so that jobs outlive it.
start_redis() {
    mkdir -p "$work/redis"
    start_server "$work/redis.log" redis-server --bind 127.0.0.1 --port "$1" --dir "$work/redis" --appendonly yes --save ''
    wait_until 20 "an answer of Redis on port $1" redis-cli -p "$1" PING
}

# start_mirror PORT: a registry that has the base images and takes what is built.
start_mirror() {
    cp -a "$cache/registry-seed" "$work/registry"
    start_registry "$work/registry" "$1" "$work/registry.log"
}

# write_configuration REDIS_PORT REGISTRY_PORT
write_configuration() {
    cat >"$work/worker.yaml" <<YAML
# The configuration of one worker; config/worker.yaml explains every key.
farm: farm
redis:
  url: redis://127.0.0.1:$1
cacheDirectory: $work/cache
worker:
  slots: 2
buildpacks:
  directory: $repository/buildpacks
registries:
  push: $(push_to "127.0.0.1:$2/apps")
  mirrors:
    docker.io: ["127.0.0.1:$2"]
  plainHTTP: ["127.0.0.1:$2"$(plain_push_host)]
  layouts: []
sandbox:
  # The names of package indexes may lead to a proxy of the network that this runs in.
  allowPrivate: true
YAML
    [ -z "${KUBECONFIG:-}" ] || cluster_configuration >>"$work/worker.yaml"
}

# start_worker: with the configuration written before.
start_worker() {
    start_server "$work/worker.log" "$slipway" worker --config "$work/worker.yaml"
    worker_id=$server_id
}

# enqueue NAME GIT_PORT REDIS_PORT MORE: one XADD, as any producer would do it; the id of the build is demo-NAME, MORE is JSON.
enqueue() {
    local request
    request=$(jq --null-input --compact-output --arg name "$1" --arg url "http://127.0.0.1:$2/$1.git" --arg kubeconfig "${KUBECONFIG:-}" --argjson more "$4" \
        '{deploymentId: "demo-\($name)", projectId: $name, repositoryUrl: $url, branch: "main", deploy: ($kubeconfig != ""), healthCheckPath: "/"} + $more')
    redis-cli -p "$3" XADD 'slipway:{farm}:intake' '*' request "$request" >/dev/null
    echo "$request"
}

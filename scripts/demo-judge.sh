# shellcheck shell=bash
# Looks at an image with tools that know nothing of Slipway: skopeo pulls it, umoci checks and unpacks it, podman runs it, curl
# asks for its page. Source it after lib.sh, servers.sh; `work` is the folder for everything.
# shellcheck disable=SC2154 # `work` is the sourcing script's

containers=()

# podman with storage of its own, so that the machine's images and containers are not touched.
demo_podman() {
    as_root podman --root "$work/podman" --runroot "$work/podman-run" --cgroup-manager cgroupfs --events-backend none --runtime runc "$@"
}

# pull_back NAME IMAGE: into the OCI layout WORK/pulled, then unpacked as an ordinary user could.
pull_back() {
    skopeo copy --src-tls-verify=false "docker://$2" "oci:$work/pulled:$1"
    umoci unpack --rootless --image "$work/pulled:$1" "$work/unpacked-$1"
}

# run_image NAME IMAGE PORT: in the background; the image must honour PORT. Hard limits are lowered because raising them takes a privilege
# that root lacks in some virtual machines; the host's network, because a port of a bridge would need firewall rules.
run_image() {
    demo_podman pull --quiet --tls-verify=false "$2"
    demo_podman run --detach --name "slipway-demo-$1" --network host --env "PORT=$3" --cap-drop all --security-opt no-new-privileges \
        --ulimit nofile=4096:4096 --ulimit nproc=4096:4096 "$2"
}

stop_containers() {
    local name
    for name in "${containers[@]}"; do demo_podman rm --force --time 2 "$name" >/dev/null 2>&1 || true; done
    containers=()
}

# fetch_page PORT TEXT FILE: succeeds when the page is there and shows the text.
fetch_page() {
    curl --fail --silent --show-error --max-time 5 --output "$3" "http://127.0.0.1:$1/" && grep --quiet --fixed-strings "$2" "$3"
}

# judge NAME IMAGE TEXT: everything above; says what it finds.
judge() {
    local port page=$work/page-$1.html
    say "$1: pulling the image back with skopeo, unpacking it with umoci"
    quietly "demo-pull-$1" pull_back "$1" "$2"
    port=$(free_port)
    say "$1: running it with podman on port $port"
    containers+=("slipway-demo-$1")
    quietly "demo-run-$1" run_image "$1" "$2" "$port"
    wait_until 30 "a page of $1 with the text '$3'" fetch_page "$port" "$3" "$page"
    say "$1: its page ($(wc -c <"$page") bytes) shows '$3'"
}

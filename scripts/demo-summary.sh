# shellcheck shell=bash
# The end of the demo, for somebody who sees Slipway for the first time. Source it; `work` has status-NAME.json of each build.
# shellcheck disable=SC2154 # `work` and `demo_projects` are the sourcing script's

summarize_build() {
    jq --raw-output '"  \(.deploymentId): \(.language // "app") from commit \((.commit // "?")[0:10])
    image    \(.image)
    size     \((.sizeBytes // 0) / 1048576 * 10 | round / 10) MiB with its base image
    seconds  \((.phases // {}) | to_entries | map("\(.key) \(.value / 1000)") | join(", "))"' "$1"
}

summary() {
    local project
    printf '\nBuilt, pushed, pulled back, checked and run:\n'
    for project in "${demo_projects[@]}"; do summarize_build "$work/status-${project%%|*}.json"; done
    [ -z "${KUBECONFIG:-}" ] || printf '  and rolled out in the cluster of %s, namespace %s\n' "$KUBECONFIG" "$namespace"
    cat <<'TEXT'

What to try next, with any repository of a static site or of Python, whose images were made here, or of Node or Go that asks for the versions that are
here too, as a slipway.yaml with 'versions: {node: "20.19.2"}' or '{go: "1.24.4"}' does; others need docker.io:
  .build/release/slipway plan PATH-OR-URL                           what would be done, and why
  .build/release/slipway build PATH-OR-URL --output oci:/tmp/x:app  the whole build in one process, no servers
  umoci unpack --rootless --image /tmp/x:app /tmp/app               look into the image
  .build/release/slipway worker --help                              run a worker; config/worker.yaml has every key
TEXT
}

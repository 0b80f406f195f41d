# shellcheck shell=bash
# The cluster of KUBECONFIG that the demo deploys to, and the registry that its nodes pull from. Source it after lib.sh and servers.sh;
# `work` is the folder for files.
# shellcheck disable=SC2154 # `work`, `cache` and `repository` are the sourcing script's

# look_at_cluster: sets `namespace` and `nodes`, and ends the demo where the cluster could not run what it makes.
look_at_cluster() {
    # One in PATH knows the login helpers that the kubeconfig asks for; the tests' own is an old one.
    local kubectl
    kubectl=$(type -P kubectl) || kubectl=$cache/kubernetes/bin/kubectl
    [ -x "$kubectl" ] || die "kubectl is missing: run 'make kubernetes', or install Debian's kubernetes-client"
    export KUBECONFIG
    namespace=${DEMO_NAMESPACE:-$("$kubectl" config view --minify --output 'jsonpath={.contexts[0].context.namespace}')} \
        || die "KUBECONFIG=$KUBECONFIG has no current context; what kubectl says is above"
    namespace=${namespace:-default}
    "$kubectl" get namespace "$namespace" --output name >/dev/null \
        || die "the cluster of KUBECONFIG=$KUBECONFIG does not answer, or has no namespace '$namespace' (DEMO_NAMESPACE); what kubectl says is above"
    # Whoever may not list nodes has some: only a throw-away control plane has none.
    nodes=$("$kubectl" get nodes --output name 2>/dev/null) || nodes=unknown
    [ -z "$nodes" ] || [ -n "${DEMO_REGISTRY:-}" ] || die "the demo's registry listens on this machine's loopback address, from where the cluster's nodes
cannot pull. Name one that both reach: make demo KUBECONFIG=$KUBECONFIG DEMO_REGISTRY=registry.example.org/team
(http:// before it for one without TLS; logins are taken from docker's config.json; DEMO_REGISTRY=loopback if the nodes are this machine)"
    say "deploying to the namespace $namespace of KUBECONFIG=$KUBECONFIG"
}

# play_nodes: a throw-away control plane has no nodes, so somebody has to say that pods are ready.
play_nodes() {
    [ -z "$nodes" ] || return 0
    say "the cluster has no nodes: scripts/kubernetes-nodes plays them, in the namespace $namespace"
    start_server "$work/nodes.log" "$repository/scripts/kubernetes-nodes" "$KUBECONFIG" "$namespace"
}

# push_to DEFAULT: where images go.
push_to() {
    case ${DEMO_REGISTRY:-loopback} in
    loopback) echo "$1" ;;
    *) echo "${DEMO_REGISTRY#*://}" ;;
    esac
}

# plain_push_host: one more element of a list of hosts without TLS, if that is so.
plain_push_host() {
    local host=${DEMO_REGISTRY:-}
    [ "${host#http://}" = "$host" ] && return
    host=${host#http://}
    printf ', "%s"' "${host%%/*}"
}

# cluster_configuration: the worker's. The kubeconfig is not named there, so that KUBECONFIG may be a list, as kubectl has it.
cluster_configuration() { printf 'kubernetes:\n  enabled: true\n  namespace: %s\n' "$namespace"; }

# shellcheck shell=bash
# The build of kube-apiserver and kube-controller-manager 1.20.2 with the Go compiler of Debian 12. Source it.
# It builds in GOPATH mode: in module mode Go 1.16 and later reject the vendor folder ("updates to go.mod needed").

kubernetes_version=1.20.2

# build_kubernetes WORK: WORK/kubernetes is the source, WORK/root the unpacked packages; the programs go to WORK/bin.
build_kubernetes() {
    local work=$1
    export GOROOT=$work/root/usr/lib/go-1.19 GOPATH=$work/gopath GOCACHE=$work/gocache
    export GO111MODULE=off GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local CGO_ENABLED=0
    mkdir -p "$GOPATH/src/k8s.io"
    ln -sfn "$work/kubernetes" "$GOPATH/src/k8s.io/kubernetes"
    cd "$GOPATH/src/k8s.io/kubernetes" || return
    replace_reflect2
    generate_openapi
    build_program kube-apiserver
    build_program kube-controller-manager
}

go() { nice -n 10 "$GOROOT/bin/go" "$@"; }

# The vendored reflect2 1.0.1 reads a nil map on Go 1.18 and later: the server would panic on its first server-side apply.
replace_reflect2() {
    local name=github.com/modern-go/reflect2
    rm -f "vendor/$name"/*.{go,s}
    cp "$work/root/usr/share/gocode/src/$name"/*.{go,s} "vendor/$name/"
}

# The generated OpenAPI definitions are not in the source tree of 1.20.
generate_openapi() {
    local inputs
    go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    inputs=$(grep -rl --include='*.go' '+k8s:openapi-gen=' staging/src/k8s.io pkg cmd plugin \
        | grep -v -e _test.go -e code-generator -e sample-apiserver -e /testdata/ \
        | xargs -n 1 dirname | LC_ALL=C sort -u \
        | sed 's,^staging/src/,k8s.io/kubernetes/vendor/,; /^k8s.io/!s,^,k8s.io/kubernetes/,' | paste -sd ,)
    PATH=$GOROOT/bin:$PATH nice -n 10 "$work/openapi-gen" --logtostderr -i "$inputs" \
        -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
        -h hack/boilerplate/boilerplate.generatego.txt -r "$work/violations.report"
}

# The version is linked in: /version reports that of client-go, --version that of component-base.
build_program() {
    local flags='-s -w' package prefix=k8s.io/kubernetes/vendor/k8s.io
    for package in component-base/version client-go/pkg/version; do
        flags+=" -X $prefix/$package.gitVersion=v$kubernetes_version -X $prefix/$package.gitMajor=1"
        flags+=" -X $prefix/$package.gitMinor=20 -X $prefix/$package.gitTreeState=archive"
    done
    go build -trimpath -ldflags "$flags" -o "$work/bin/$1" "./cmd/$1"
}

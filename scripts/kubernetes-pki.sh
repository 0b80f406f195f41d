# shellcheck shell=bash
# Keys, certificates and kubeconfigs of a throw-away control plane, in FOLDER and FOLDER/pki. Source it.
# kubeconfig: a static token of an administrator; kubeconfig-cert: a client certificate of one;
# kubeconfig-nobody: somebody who may log in and do nothing.

# make_pki FOLDER: an authority, the server's and an administrator's certificate, the signing key of service accounts.
make_pki() {
    local pki=$1/pki
    [ ! -f "$pki/ca.crt" ] || return 0
    mkdir -p "$pki"
    new_key "$pki/ca.key"
    openssl req -x509 -new -key "$pki/ca.key" -subj /CN=test-ca -days 30 -out "$pki/ca.crt"
    sign "$pki" apiserver /CN=kube-apiserver \
        'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc' 'extendedKeyUsage=serverAuth'
    sign "$pki" admin /O=system:masters/CN=admin-cert 'extendedKeyUsage=clientAuth'
    openssl genrsa -out "$pki/sa.key" 2048
    openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub"
}

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

# sign PKI NAME SUBJECT EXTENSION...
sign() {
    local pki=$1 name=$2 subject=$3
    shift 3
    new_key "$pki/$name.key"
    printf '%s\n' "$@" >"$pki/$name.ext"
    openssl req -new -key "$pki/$name.key" -subj "$subject" -out "$pki/$name.csr"
    openssl x509 -req -in "$pki/$name.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 30 \
        -extfile "$pki/$name.ext" -out "$pki/$name.crt"
}

# make_kubeconfigs FOLDER URL: also writes the static tokens that the server reads.
make_kubeconfigs() {
    local folder=$1 url=$2 token
    token=$(cat "$folder/token" 2>/dev/null || openssl rand -hex 16)
    echo "$token" >"$folder/token"
    printf '%s,admin,admin-uid,"system:masters"\n%s-nobody,nobody,nobody-uid\n' "$token" "$token" >"$folder/tokens.csv"
    kubeconfig "$folder" "$url" "{\"token\": \"$token\"}" >"$folder/kubeconfig"
    kubeconfig "$folder" "$url" "{\"token\": \"$token-nobody\"}" >"$folder/kubeconfig-nobody"
    kubeconfig "$folder" "$url" "{\"client-certificate\": \"$folder/pki/admin.crt\", \"client-key\": \"$folder/pki/admin.key\"}" \
        >"$folder/kubeconfig-cert"
}

# kubeconfig FOLDER URL USER: printed as JSON, which is YAML too.
kubeconfig() {
    jq --null-input --arg server "$2" --arg ca "$1/pki/ca.crt" --argjson user "$3" '{
        apiVersion: "v1", kind: "Config", "current-context": "test",
        clusters: [{name: "test", cluster: {server: $server, "certificate-authority": $ca}}],
        users: [{name: "user", user: $user}],
        contexts: [{name: "test", context: {cluster: "test", user: "user"}}]}'
}

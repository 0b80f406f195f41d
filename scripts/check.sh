#!/bin/bash
# Checks what needs no running: the format of Swift files, shell scripts, that JSON and YAML files parse, a build without warnings.
# Runs all checks and fails at the end if one did, so that one run names everything there is to mend.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/swift.sh
. "$repository/scripts/swift.sh"

cd "$repository"
failed=()

# check WHAT COMMAND...
check() {
    local what=$1
    shift
    say "$what"
    ("$@") || failed+=("$what")
}

# The repository's own files, committed or about to be.
own_files() { git ls-files --cached --others --exclude-standard -- "$@"; }

shell_files() {
    local file
    own_files | while read -r file; do
        if [[ -f $file && ($file == *.sh || $(head -c 64 "$file" | head -n 1 | tr -d '\0') =~ ^#!.*sh$) ]]; then echo "$file"; fi
    done
}

check_json() { own_files '*.json' .swift-format | xargs --no-run-if-empty --delimiter '\n' jq empty; }

check_yaml() {
    own_files '*.yaml' '*.yml' | xargs --no-run-if-empty --delimiter '\n' /usr/bin/python3 -c '
import sys, yaml
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
for name in sys.argv[1:]:
    try:
        text = open(name, encoding="utf-8").read()
        list(yaml.load_all(text, Loader=loader))
        events = list(yaml.parse(text, Loader=loader))
        used = {event.anchor for event in events if isinstance(event, yaml.AliasEvent)}
        idle = [event for event in events if getattr(event, "anchor", None) not in used | {None}]
        if idle: raise yaml.YAMLError(f"line {idle[0].start_mark.line + 1}: nothing uses the anchor {idle[0].anchor}")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        sys.exit(f"{name}: {error}")'
}

# The package manager warns of a flag in the pkg-config file of one of Debian's libraries, and leaves it out; that is not ours to mend.
check_build() {
    swift_build --build-tests
    ! grep 'warning:' "$logs/swift-build.log" | grep --invert-match 'prohibited flag(s): -D_FILE_OFFSET_BITS=64'
}

check "format of Swift files" swift format lint --strict --recursive --parallel Package.swift Sources Tests
# shellcheck disable=SC2046 # names of our files hold no blanks
check "shell scripts" shellcheck $(shell_files)
check "JSON files" check_json
check "YAML files" check_yaml
check "the benchmark harness" env -C Benchmarks PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover --start-directory tests --top-level-directory .
check "a build without warnings" check_build
[ ${#failed[@]} = 0 ] || die "${#failed[@]} checks failed; what to mend is above: $(printf '%s; ' "${failed[@]}")"
say "all is well"

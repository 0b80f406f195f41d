#!/bin/bash
# Builds and runs the tests, all or those that match the first argument. Ends with a plain line of counts, read from the
# report that the test runner wrote.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/swift.sh
. "$repository/scripts/swift.sh"

cd "$repository"
report=.build/tests/report.xml
log=$logs/test.log
# Most tests wait for servers of their own; more at once than this and they wait for the processor instead.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(($(nproc) * 3))
options=(--disable-xctest --xunit-output "$report")
[ -z "${SLIPWAY_TEST_SKIP:-}" ] || options+=(--skip "$SLIPWAY_TEST_SKIP")
# Its image is too large to be made everywhere: see `make test-swift-app`.
[ -n "${SLIPWAY_TEST_SWIFT_APP:-}" ] || options+=(--skip SwiftAppTests)
[ -z "${1:-}" ] || options+=(--filter "$1")

# Without V=1 only what failed and what was skipped is shown.
show() { if [ "$V" = 1 ]; then cat; else grep --line-buffered -e '✘' -e '➜' -e '^↳ [^TP]' -e 'error:' -e 'Fatal' -e '^. Test run' -e 'pushes with a fault' -e '^buildpacks: ' || true; fi; }

# The numbers of tests, of failed and of skipped ones. The report's own totals count each failed expectation.
count() {
    python3 -c '
import sys, xml.etree.ElementTree as tree
cases = list(tree.parse(sys.argv[1]).iter("testcase"))
def having(*names): return sum(any(case.find(name) is not None for name in names) for case in cases)
print(len(cases), having("failure", "error"), having("skipped"))' "$report"
}

V=${V:-0}
mkdir -p "$(dirname "$report")" "$logs"
rm -f "$report"
say "building the tests"
swift_build --build-tests
say "running them; their whole output goes to $log"
status=0
swift test --skip-build "${swift_options[@]}" "${options[@]}" 2>&1 | tee "$log" | show || status=${PIPESTATUS[0]}
[ -f "$report" ] || die "the test runner ended with status $status and wrote no report: see the end of $log"
read -r tests failures skipped < <(count)
[ "$tests" != 0 ] || die "no test matches '${1:-}'"
[ "$status" = 0 ] || [ "$failures" != 0 ] || failures=1
echo "$((tests - failures - skipped)) passed, $failures failed, $skipped skipped"
exit "$status"

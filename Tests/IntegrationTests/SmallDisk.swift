import Glibc
import Platform

/// A file system of 64 MiB in memory that a process has in the place of a directory, and that a test can fill.
struct SmallDisk: Sendable {
    let directory: String
    /// A file that says, by being there, that the disk is to be full.
    let trigger: String

    func fill(_ full: Bool) {
        if full {
            try? Files.writeAtomically([], to: trigger)
        } else {
            unlink(trigger)
        }
    }

    /// The command in a mount namespace with the disk, and a watcher that fills it on demand for as long as the command runs.
    func around(_ words: [String]) -> [String] {
        let script = """
            cache=$1; trigger=$2; shift 2
            mkdir -p "$cache"
            mount -t tmpfs -o size=64m slipway "$cache" || exit 99
            worker=$$
            while kill -0 $worker 2>/dev/null; do
                if [ -e "$trigger" ]; then
                    [ -e "$cache/ballast" ] || head -c 128M /dev/zero > "$cache/ballast" 2>/dev/null
                else
                    rm -f "$cache/ballast"
                fi
                sleep 0.2
            done &
            exec "$@"
            """
        let rights = geteuid() == 0 ? [] : ["--map-root-user"]
        return ["/usr/bin/unshare", "--mount"] + rights + ["/bin/sh", "-c", script, "small-disk", directory, trigger]
            + words
    }
}

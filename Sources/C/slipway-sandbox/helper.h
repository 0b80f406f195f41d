#ifndef SLIPWAY_SANDBOX_HELPER_H
#define SLIPWAY_SANDBOX_HELPER_H

/* slipway-sandbox: runs one build step and leaves nothing behind. Besides, `slipway-sandbox enter` and `slipway-sandbox check` are
 * for workers that are not root, see enter.c.
 *
 * The worker starts it once per step, with these descriptors: 1 and 2 are the pipe that takes the step's output, 3 is a
 * SOCK_SEQPACKET socket to the worker, 4 is the OCI runtime configuration to read, then name, length
 * and bytes of each file for the step (name and length ended by NUL), 5 is a lock that is held until nothing of the step is left, and 6, with --disk, is the mounted file system
 * that takes what the step writes. Everything else is in the arguments, see options.c. It becomes three processes:
 *
 *   the keeper   holds the socket, kills when the worker says so or is gone, reads the counters, removes the groups
 *   the init     process 1 of a process namespace of its own, with mounts and a network of its own; its end ends everything
 *   the runtime  crun or runc, and below it the step, inside the control groups
 *
 * What goes to the worker, a message each: "ready" with descriptors (the changes, then the listening socket), "trouble TEXT",
 * "started" if the runtime got as far as the command, "usage N", "full" and "unmeasured TEXT" where there
 * is no disk, "exit N", "count PATH TEXT", "failed TEXT". What comes from it: "kill". The worker's end is the socket's end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CONTROL = 3, CONFIGURATION = 4, LOCK = 5, DISK = 6, MOST_LAYERS = 256, MOST_CACHES = 64, MOST_PATHS = 256 };

struct options {
    const char *runtime;
    const char *identifier;
    const char *scratch;     /* a directory for what the step writes */
    bool has_disk;           /* whether DISK takes what the step writes, and not scratch itself */
    bool is_runc;            /* whether the runtime is runc or understands what runc does */
    bool is_rootless;        /* whether the worker is only root of a user namespace, see enter.c */
    bool is_unmapped;        /* whether layers and caches have the step's ids on disk, as they always have for a worker that is not root */
    long long most_bytes;    /* what may be written into scratch, or 0 where a disk bounds it */
    long base, count;        /* host id of the step's id 0, and how many follow */
    int port;                /* where the proxy listens inside, or 0 */
    const char *lowers[MOST_LAYERS];
    int lower_count;
    const char *caches[MOST_CACHES];
    int cache_count;
    const char *stubs[MOST_PATHS];    /* "d/PATH" or "f/PATH": what mounts need to be there */
    int stub_count;
    const char *groups[MOST_PATHS];   /* directories of control groups to make, join and remove */
    int group_count;
    const char *removals[MOST_PATHS]; /* directories of control groups that the runtime makes, to remove before those */
    int removal_count;
    const char *limits[MOST_PATHS];   /* "PATH=VALUE", with "?" before it if the file need not be there */
    int limit_count;
    const char *counters[MOST_PATHS]; /* files to report at the end */
    int counter_count;
};

/* options.c */
void read_options(struct options *options, int argc, char **argv);

/* report.c: nothing here returns after a failure */
void fail(const char *what, const char *path) __attribute__((noreturn));
void fail_with(const char *what, const char *path, int error) __attribute__((noreturn));
void send_text(const char *kind, const char *text);
void send_ready(const int *descriptors, int count);

/* files.c */
char *read_all(int descriptor, size_t limit, size_t *length);
const char *next_text(const char *text, const char *end);
void write_file(const char *path, const char *text, size_t length, mode_t mode);
void make_directories(char *path, mode_t mode, long owner);
char *join(const char *first, const char *second);

/* usage.c */
bool wrote_too_much(const struct options *options, pid_t init, int *pause);
void look_at_end(const struct options *options);

/* unnamed.c: bytes of the files without a name that `init` and what descends from it have open, on the disk of `scratch` */
long long unnamed_bytes(pid_t init, const char *scratch);

/* groups.c */
void make_groups(const struct options *options);
void enter_groups(const struct options *options);
void report_counters(const struct options *options);
void remove_groups(const struct options *options);

/* identity.c */
pid_t hold_namespace(void);
int open_namespace(pid_t holder);
int open_identity_map(const struct options *options);

/* enter.c */
int enter_namespace(char **words);
int check_overlay(const char *directory, const char *base);

/* network.c */
void raise_loopback(void);
int listen_on_loopback(int port);

/* mounts.c: the layout of the init's own /tmp */
void own_mounts(const struct options *options);
void find_runtime(const struct options *options);
const char *runtime_path(const struct options *options);
int mount_root(const struct options *options);

/* init.c */
void run_init(const struct options *options, int leash) __attribute__((noreturn));

#endif

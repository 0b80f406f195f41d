#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs newuidmap or newgidmap for `target`; `map` is "OUTSIDE START COUNT". */
static bool map_ids(const char *program, pid_t target, const char *map) {
    char pid[24], outside[24], start[24], count[24];
    snprintf(pid, sizeof pid, "%d", target);
    if (sscanf(map, "%23s %23s %23s", outside, start, count) != 3) return false;
    pid_t child = fork();
    if (child == 0) {
        execlp(program, program, pid, "0", outside, "1", "1", start, count, NULL);
        _exit(127);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Only a process outside of the new namespace may write its map, so one stays behind for that. */
void become_root_of_own_namespace(const struct options *options) {
    int ready[2];
    char byte = 0;
    pid_t self = getpid();
    if (pipe2(ready, O_CLOEXEC) != 0) fail("cannot make", "a pipe");
    pid_t mapper = fork();
    if (mapper < 0) fail("cannot start", "a process");
    if (mapper == 0) {
        close(ready[1]);
        if (read(ready[0], &byte, 1) != 1) _exit(1);
        _exit(map_ids("newuidmap", self, options->map_user) && map_ids("newgidmap", self, options->map_group) ? 0 : 1);
    }
    if (unshare(CLONE_NEWUSER) != 0) fail("cannot make", "a user namespace");
    int status = 0;
    if (write(ready[1], &byte, 1) != 1) fail("cannot reach", "the mapper");
    close(ready[0]);
    close(ready[1]);
    while (waitpid(mapper, &status, 0) < 0 && errno == EINTR) continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_with("newuidmap and newgidmap refused the subordinate ids", options->map_user, EPERM);
    if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) fail("cannot become", "root of the namespace");
}

static void put_map(pid_t target, const char *name, const struct options *options) {
    char path[64], map[64];
    snprintf(path, sizeof path, "/proc/%d/%s", target, name);
    int length = snprintf(map, sizeof map, "0 %ld %ld", options->base, options->count);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, map, (size_t)length) != length) fail("cannot write", path);
    close(file);
}

/* A user namespace that says which ids an image's owners become; it lives as long as its descriptor. */
int open_identity_map(const struct options *options) {
    int ready[2];
    char byte = 0, path[64];
    if (pipe2(ready, O_CLOEXEC) != 0) fail("cannot make", "a pipe");
    pid_t holder = fork();
    if (holder < 0) fail("cannot start", "a process");
    if (holder == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWUSER) != 0 || write(ready[1], &byte, 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) fail_with("cannot make", "a user namespace", EPERM);
    close(ready[0]);
    put_map(holder, "uid_map", options);
    put_map(holder, "gid_map", options);
    snprintf(path, sizeof path, "/proc/%d/ns/user", holder);
    int map = open(path, O_RDONLY | O_CLOEXEC);
    if (map < 0) fail("cannot open", path);
    kill(holder, SIGKILL);
    while (waitpid(holder, NULL, 0) < 0 && errno == EINTR) continue;
    return map;
}

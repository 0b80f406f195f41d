#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts a process in a user namespace of its own, whose map is still to be written: only a process outside may do that, or programs
   that it starts. Returns -1 and sets errno if there can be none. */
pid_t hold_namespace(void) {
    int ready[2], error = EIO;
    if (pipe2(ready, O_CLOEXEC) != 0) return -1;
    pid_t holder = fork();
    if (holder == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        error = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
        if (write(ready[1], &error, sizeof error) != sizeof error || error) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    bool is_held = holder > 0 && read(ready[0], &error, sizeof error) == sizeof error && error == 0;
    close(ready[0]);
    if (is_held) return holder;
    if (holder > 0) waitpid(holder, NULL, 0);
    errno = error;
    return -1;
}

/* The namespace of a holder, which ends; the namespace lives as long as the descriptor. */
int open_namespace(pid_t holder) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", holder);
    int namespace = open(path, O_RDONLY | O_CLOEXEC), error = errno;
    kill(holder, SIGKILL);
    while (waitpid(holder, NULL, 0) < 0 && errno == EINTR) continue;
    errno = error;
    return namespace;
}

static void put_map(pid_t target, const char *name, const struct options *options) {
    char path[64], map[64];
    snprintf(path, sizeof path, "/proc/%d/%s", target, name);
    int length = snprintf(map, sizeof map, "0 %ld %ld", options->base, options->count);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, map, (size_t)length) != length) fail("cannot write", path);
    close(file);
}

/* A user namespace that says which ids an image's owners become. */
int open_identity_map(const struct options *options) {
    pid_t holder = hold_namespace();
    if (holder < 0) fail("cannot make", "a user namespace");
    put_map(holder, "uid_map", options);
    put_map(holder, "gid_map", options);
    int map = open_namespace(holder);
    if (map < 0) fail("cannot open", "a user namespace");
    return map;
}

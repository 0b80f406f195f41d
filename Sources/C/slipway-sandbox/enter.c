#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> do not go together before glibc 2.36. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

/* What a worker that is not root lives in: a user namespace where it is root, with its subordinate ids behind it. Unpacking an image,
   reading what a step wrote and removing it are then the same calls as root's. */

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
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void say(char *room, size_t size, const char *what) { snprintf(room, size, "%s: %s", what, strerror(errno)); }

/* Goes into a namespace with these maps; only into one that is whole, since there is no way back. */
static bool become_root(const char *users, const char *groups, char *trouble, size_t size) {
    pid_t holder = hold_namespace();
    if (holder < 0) {
        say(trouble, size, "the kernel makes no user namespace");
        return false;
    }
    bool is_mapped = map_ids("newuidmap", holder, users) && map_ids("newgidmap", holder, groups);
    int namespace = open_namespace(holder);
    if (!is_mapped) {
        snprintf(trouble, size, "newuidmap and newgidmap refused the ids %s", users);
        return false;
    }
    if (namespace >= 0 && setns(namespace, CLONE_NEWUSER) == 0) return true;
    say(trouble, size, "the user namespace cannot be entered");
    return false;
}

/* USER-MAP GROUP-MAP PROGRAM NAME ARGUMENT...: goes on as that program, which learns from its environment how this went. */
int enter_namespace(char **words) {
    char trouble[256] = "entered";
    become_root(words[0], words[1], trouble, sizeof trouble);
    setenv("SLIPWAY_NAMESPACE", trouble, 1);
    execv(words[2], words + 3);
    perror(words[2]);
    return 126;
}

/* How a check ends where ids cannot be mapped, and all else is there. */
enum { CANNOT_MAP = 3 };

/* Shows the directory `lower` with its ids mapped as a step's are, at itself. */
static const char *map_lower(long base, int *status) {
    char path[64], map[64];
    pid_t holder = hold_namespace();
    if (holder < 0) return "the kernel makes no user namespace";
    int length = snprintf(map, sizeof map, "0 %ld 65536", base);
    static const char *const names[] = {"uid_map", "gid_map"};
    bool is_mapped = true;
    for (size_t index = 0; index < 2; index++) {
        snprintf(path, sizeof path, "/proc/%d/%s", holder, names[index]);
        int file = open(path, O_WRONLY | O_CLOEXEC);
        is_mapped &= file >= 0 && write(file, map, (size_t)length) == length;
        if (file >= 0) close(file);
    }
    int namespace = open_namespace(holder);
    if (!is_mapped || namespace < 0) return "ids cannot be mapped";
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned long long)namespace};
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "lower", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
        /* Anything else may pass, and is no reason to give up telling steps apart. */
        if (errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP || errno == EPERM) *status = CANNOT_MAP;
        return "the kernel or the file system cannot map the ids of what is mounted";
    }
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "lower", MOVE_MOUNT_F_EMPTY_PATH) != 0) return "a directory cannot be mounted";
    return NULL;
}

/* Tries what a step's files need, in a directory with the empty directories lower/gone, upper, work and merged. With a base, ids are
   mapped from it, as root does, whose steps write to disks of their own. */
int check_overlay(const char *directory, const char *base) {
    const char *options = *base ? "lowerdir=lower:upper"
        : "lowerdir=lower,upperdir=upper,workdir=work,metacopy=off,index=off,volatile,userxattr";
    const char *trouble = NULL;
    int status = 1;
    if (unshare(CLONE_NEWNS) != 0) trouble = "a mount namespace cannot be made";
    else if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) trouble = "mounts cannot be detached";
    else if (chdir(directory) != 0) trouble = "the directory cannot be entered";
    else if (*base && (trouble = map_lower(atol(base), &status))) (void)0;
    else if (mount("overlay", "merged", "overlay", 0, options) != 0) {
        trouble = *base ? "overlayfs cannot show files whose ids are mapped" : "overlayfs cannot be mounted";
        if (*base) status = CANNOT_MAP;
    } else if (!*base && rmdir("merged/gone") != 0) trouble = "overlayfs cannot remove a directory";
    if (trouble) printf("%s: %s\n", trouble, strerror(errno));
    return trouble ? status : 0;
}

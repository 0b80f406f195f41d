#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> do not go together before glibc 2.36. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
extern int umount2(const char *target, int flags);

/* /tmp/l/N layers, /tmp/c/N caches, /tmp/stubs, /tmp/disk, /tmp/root, /tmp/files, /tmp/bundle, /tmp/state, /tmp/runtime */

void own_mounts(const struct options *options) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail("cannot detach", "the mounts");
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail("cannot mount", "/proc");
    /* crun refuses a version 2 hierarchy with controllers beside version 1; nobody here uses it. Mounts of the namespace that this
       one was made from cannot be taken away one by one, only covered. runc wants to see them. */
    if (options->is_runc) return;
    if (umount2("/sys/fs/cgroup/unified", 2 /* MNT_DETACH */) != 0 && access("/sys/fs/cgroup/unified", F_OK) == 0)
        mount("tmpfs", "/sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=4k");
}

static int open_tree_of(const char *path) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0) fail("cannot open the directory", path);
    return tree;
}

static void place(int tree, const char *kind, int number, int map, bool is_writable) {
    char target[32];
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    if (!is_writable) attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (map >= 0) {
        attributes.attr_set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (unsigned long long)map;
    }
    snprintf(target, sizeof target, "/tmp/%s/%d", kind, number);
    if (mkdir(target, 0755) != 0) fail("cannot make", target);
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
        fail("cannot map the ids of", target);
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0) fail("cannot mount", target);
    close(tree);
}

static void make_layout(void) {
    static const char *const directories[] = {"l", "c", "stubs", "disk", "root", "files", "bundle", "state"};
    if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m") != 0) fail("cannot cover", "/tmp");
    for (size_t index = 0; index < sizeof directories / sizeof *directories; index++) {
        char path[32];
        snprintf(path, sizeof path, "/tmp/%s", directories[index]);
        if (mkdir(path, 0755) != 0) fail("cannot make", path);
    }
    if (chmod("/tmp/state", 0700) != 0 || chmod("/tmp/bundle", 0700) != 0) fail("cannot close", "/tmp/bundle");
}

/* What the configuration mounts onto has to be there. It is the lowest of the layers, so it shows only where the image has
   nothing, and never becomes part of what the step changed. */
static void make_stubs(const struct options *options) {
    if (chown("/tmp/stubs", (uid_t)options->base, (gid_t)options->base) != 0) fail("cannot give away", "/tmp/stubs");
    for (int index = 0; index < options->stub_count; index++) {
        const char *stub = options->stubs[index];
        char *path = join("/tmp/stubs", stub + 1);
        char *name = strrchr(path, '/');
        if (*stub == 'd') {
            make_directories(path, 0755, options->base);
        } else {
            *name = 0;
            make_directories(path, 0755, options->base);
            *name = '/';
            write_file(path, "", 0, 0644);
            if (chown(path, (uid_t)options->base, (gid_t)options->base) != 0) fail("cannot give away", path);
        }
        free(path);
    }
}

/* The configuration comes first in the stream, then name, length and bytes of each file. */
static void make_files(const struct options *options, const char *stream, const char *end) {
    write_file("/tmp/bundle/config.json", stream, strlen(stream), 0600);
    const char *name = next_text(stream, end);
    while (name) {
        char *path = join("/tmp/files/", name);
        const char *length = next_text(name, end), *bytes = length ? next_text(length, end) : NULL;
        size_t size = length ? strtoul(length, NULL, 10) : 0;
        if (size > 0 && (!bytes || size > (size_t)(end - bytes))) fail_with("a file is cut short", path, EINVAL);
        write_file(path, bytes, size, 0444);
        if (chown(path, (uid_t)options->base, (gid_t)options->base) != 0) fail("cannot give away", path);
        free(path);
        name = bytes && bytes + size < end ? bytes + size : NULL;
    }
}

static void make_writable(const struct options *options) {
    struct stat top;
    if (stat("/tmp/l/0", &top) != 0) fail("cannot look at", options->lowers[0]);
    mkdir("/tmp/disk/upper", 0755);
    mkdir("/tmp/disk/work", 0755);
    mkdir("/tmp/disk/tmp", 01777);
    if (chown("/tmp/disk/upper", top.st_uid, top.st_gid) != 0 || chmod("/tmp/disk/upper", top.st_mode & 07777) != 0 ||
        chown("/tmp/disk/tmp", (uid_t)options->base, (gid_t)options->base) != 0 || chmod("/tmp/disk/tmp", 01777) != 0)
        fail("cannot prepare", "the step's disk");
}

static void mount_overlay(const struct options *options) {
    char text[4096] = "lowerdir=";
    size_t length = strlen(text);
    for (int index = 0; index < options->lower_count; index++)
        length += (size_t)snprintf(text + length, sizeof text - length, "/tmp/l/%d:", index);
    /* volatile: nothing of the step's survives a crash, so nothing has to reach the disk in order. userxattr follows no redirects
       by itself, and refuses to be told. */
    snprintf(text + length, sizeof text - length,
             "/tmp/stubs,upperdir=/tmp/disk/upper,workdir=/tmp/disk/work,metacopy=off,index=off,volatile,%s",
             options->is_rootless ? "userxattr" : "redirect_dir=off");
    if (mount("overlay", "/tmp/root", "overlay", MS_NODEV, text) != 0) fail("cannot mount", "the overlay");
}

static const char covered[] = "/tmp/runtime";
static bool is_covered;

/* Whether the runtime is below what will be covered: known before anybody goes another way. */
void find_runtime(const struct options *options) {
    char *path = realpath(options->runtime, NULL);
    is_covered = path && !strncmp(path, "/tmp/", 5);
    free(path);
}

/* Where the runtime is once /tmp is covered. */
const char *runtime_path(const struct options *options) { return is_covered ? covered : options->runtime; }

/* A runtime below /tmp is shown again under another name; -1 for any other. */
static int open_covered_runtime(const struct options *options) {
    return is_covered ? open_tree_of(options->runtime) : -1;
}

static void place_runtime(int tree) {
    if (tree < 0) return;
    write_file(covered, "", 0, 0755);
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, covered, MOVE_MOUNT_F_EMPTY_PATH) != 0) fail("cannot mount", covered);
    close(tree);
}

/* The stream is read when it is needed: the worker writes it while the rest is made. */
static void read_files(const struct options *options) {
    size_t length;
    char *stream = read_all(CONFIGURATION, 32 << 20, &length);
    close(CONFIGURATION);
    make_files(options, stream, stream + length);
    free(stream);
}

/* Returns a descriptor of the directory that takes what the step changes. */
int mount_root(const struct options *options) {
    int lowers[MOST_LAYERS], caches[MOST_CACHES];
    /* All are opened before /tmp is covered: any of them may be below it. */
    for (int index = 0; index < options->lower_count; index++) lowers[index] = open_tree_of(options->lowers[index]);
    for (int index = 0; index < options->cache_count; index++) caches[index] = open_tree_of(options->caches[index]);
    int disk = options->has_disk ? DISK : open_tree_of(options->scratch);
    int runtime = open_covered_runtime(options);
    int map = options->is_rootless || options->is_unmapped ? -1 : open_identity_map(options);
    make_layout();
    place_runtime(runtime);
    for (int index = 0; index < options->lower_count; index++) place(lowers[index], "l", index, map, false);
    for (int index = 0; index < options->cache_count; index++) place(caches[index], "c", index, map, true);
    if (syscall(SYS_move_mount, disk, "", AT_FDCWD, "/tmp/disk", MOVE_MOUNT_F_EMPTY_PATH) != 0)
        fail("cannot mount", "the step's disk");
    close(disk);
    make_stubs(options);
    make_writable(options);
    mount_overlay(options);
    read_files(options);
    if (map >= 0) close(map);
    int upper = open("/tmp/disk/upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (upper < 0) fail("cannot open", "the step's changes");
    return upper;
}

#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Copies what the file holds and keeps its holes. */
static void copy_sparse(int from, int to, const char *name) {
    struct stat status;
    if (fstat(from, &status) != 0 || ftruncate(to, status.st_size) != 0) fail("cannot size a copy of", name);
    off_t start = 0;
    while ((start = lseek(from, start, SEEK_DATA)) >= 0) {
        off_t end = lseek(from, start, SEEK_HOLE), target = start;
        while (start < end) {
            ssize_t count = copy_file_range(from, &start, to, &target, (size_t)(end - start), 0);
            if (count <= 0) fail("cannot copy", name);
        }
    }
    if (errno != ENXIO) fail("cannot read", name);
}

static int open_loop(int number, char *path, size_t room) {
    snprintf(path, room, "/dev/loop%d", number);
    int device = open(path, O_RDWR | O_CLOEXEC);
    if (device < 0 && errno == ENOENT && mknod(path, S_IFBLK | 0600, makedev(7, (unsigned)number)) == 0)
        device = open(path, O_RDWR | O_CLOEXEC);
    return device;
}

/* The device goes by itself when the last user of its file system is gone (LO_FLAGS_AUTOCLEAR): nobody has to remember it. */
static int attach(int file, char *path, size_t room) {
    struct loop_config configuration = {.fd = (__u32)file, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) fail("cannot open", "/dev/loop-control");
    for (int attempt = 0; attempt < 64; attempt++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        int device = number < 0 ? -1 : open_loop(number, path, room);
        if (device < 0) fail("cannot get", "a loop device");
        if (ioctl(device, LOOP_CONFIGURE, &configuration) == 0) {
            close(control);
            return device;
        }
        int error = errno;
        close(device);
        if (error != EBUSY) fail_with("cannot attach a file to", path, error);
    }
    fail_with("cannot get", "a free loop device", EBUSY);
}

/* The step's disk: a file system in a file that has no name, so that what is written is bounded and nothing is left. */
void mount_disk(const struct options *options, int scratch, int disk) {
    char path[32];
    int file = openat(scratch, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot make a file in", options->scratch);
    copy_sparse(disk, file, options->disk);
    int device = attach(file, path, sizeof path);
    if (mount(path, "/tmp/disk", "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME, "nodiscard,barrier=0") != 0)
        fail("cannot mount the step's disk", path);
    close(device);
    close(file);
}

#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int refused(const char **what, const char *text) {
    *what = text;
    return -errno;
}

/* Copies what the file holds and keeps its holes. */
static int copy_sparse(int from, int to) {
    struct stat status;
    off_t start = 0;
    if (fstat(from, &status) != 0 || ftruncate(to, status.st_size) != 0) return -1;
    while ((start = lseek(from, start, SEEK_DATA)) >= 0) {
        off_t end = lseek(from, start, SEEK_HOLE), target = start;
        while (start < end) {
            if (copy_file_range(from, &start, to, &target, (size_t)(end - start), 0) <= 0) return -1;
        }
    }
    return errno == ENXIO ? 0 : -1;
}

static int open_loop(int number, char *path, size_t room) {
    snprintf(path, room, "/dev/loop%d", number);
    int device = open(path, O_RDWR | O_CLOEXEC);
    if (device < 0 && errno == ENOENT && mknod(path, S_IFBLK | 0600, makedev(7, (unsigned)number)) == 0)
        device = open(path, O_RDWR | O_CLOEXEC);
    return device;
}

/* The device goes by itself when the last user of its file system is gone (LO_FLAGS_AUTOCLEAR): nobody has to remember it. */
static int attach(int file, char *path, size_t room, const char **what) {
    struct loop_config configuration = {.fd = (__u32)file, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) return refused(what, "open /dev/loop-control");
    int result = -EBUSY;
    *what = "get a free loop device";
    for (int attempt = 0; attempt < 64 && result == -EBUSY; attempt++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        int device = number < 0 ? -1 : open_loop(number, path, room);
        if (device < 0) {
            result = refused(what, "get a loop device");
        } else if (ioctl(device, LOOP_CONFIGURE, &configuration) == 0) {
            result = device;
        } else {
            result = refused(what, "attach a file to a loop device");
            close(device);
        }
    }
    close(control);
    return result;
}

static int set(int context, unsigned command, const char *key, const char *value) {
    return (int)syscall(SYS_fsconfig, context, command, key, value, 0);
}

/* Nothing of it outlives a crash, so nothing has to reach the disk in order. */
static int mount_nowhere(const char *device) {
    int context = (int)syscall(SYS_fsopen, "ext4", FSOPEN_CLOEXEC);
    if (context < 0) return -errno;
    int result = -1;
    if (set(context, FSCONFIG_SET_STRING, "source", device) == 0 && set(context, FSCONFIG_SET_FLAG, "nodiscard", NULL) == 0 &&
        set(context, FSCONFIG_SET_STRING, "barrier", "0") == 0 && set(context, FSCONFIG_CMD_CREATE, NULL, NULL) == 0)
        result = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
    int error = errno;
    close(context);
    return result >= 0 ? result : -error;
}

int slipway_make_disk(int blank, const char *directory, const char **what) {
    char path[32];
    int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) return refused(what, "make a file without a name");
    if (copy_sparse(blank, file) != 0) {
        int result = refused(what, "copy the empty file system");
        close(file);
        return result;
    }
    int device = attach(file, path, sizeof path, what);
    close(file);
    if (device < 0) return device;
    int disk = mount_nowhere(path);
    if (disk < 0) *what = "mount the file system";
    /* Made here, they are made while nobody waits. */
    else if (mkdirat(disk, "upper", 0755) != 0 || mkdirat(disk, "work", 0755) != 0 || mkdirat(disk, "tmp", 01777) != 0) {
        int result = refused(what, "make directories in the file system");
        close(disk);
        disk = result;
    }
    close(device);
    return disk;
}

#define _GNU_SOURCE
#include "CShims.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

int slipway_set_thread_name(const char *name) {
    char shortened[16];
    snprintf(shortened, sizeof shortened, "%s", name);
    return pthread_setname_np(pthread_self(), shortened);
}

int slipway_open_unlinked(const char *directory) {
    int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0) return descriptor;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return -errno;

    char path[4096];
    int length = snprintf(path, sizeof path, "%s/.slipway-spool-XXXXXX", directory);
    if (length < 0 || (size_t)length >= sizeof path) return -ENAMETOOLONG;
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0) return -errno;
    if (unlink(path) != 0) {
        int error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}

long long slipway_boottime_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

void slipway_trim_memory(void) {
    malloc_trim(0);
}

void slipway_limit_heaps(int count) {
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, count);
#else
    (void)count;
#endif
}

int slipway_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno;
}

int slipway_watch(int descriptor, int writing) {
    int instance = epoll_create1(EPOLL_CLOEXEC);
    if (instance < 0) return -errno;
    struct epoll_event wanted = {.events = writing ? EPOLLOUT : EPOLLIN};
    if (epoll_ctl(instance, EPOLL_CTL_ADD, descriptor, &wanted) == 0) return instance;
    int error = errno;
    close(instance);
    return -error;
}

int slipway_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : -errno;
}

int slipway_sync_file_system(int descriptor) {
    return syncfs(descriptor) == 0 ? 0 : -errno;
}

int slipway_set_attribute(int descriptor, const char *path, const char *name, const void *value, unsigned long size) {
    return path ? lsetxattr(path, name, value, size, 0) : fsetxattr(descriptor, name, value, size, 0);
}

long slipway_get_attribute(int descriptor, const char *path, const char *name, void *value, unsigned long size) {
    return path ? lgetxattr(path, name, value, size) : fgetxattr(descriptor, name, value, size);
}

long slipway_list_attributes(const char *path, char *names, unsigned long size) {
    return llistxattr(path, names, size);
}

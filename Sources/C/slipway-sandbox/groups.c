#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void put(const char *path, const char *value) {
    bool is_optional = *path == '?';
    if (is_optional) path++;
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 && is_optional) return;
    if (file < 0) fail("cannot open", path);
    if (write(file, value, strlen(value)) < 0) fail("cannot write to", path);
    close(file);
}

/* Whoever was the last to run steps removes the parent, at any moment. */
static void make_group(const char *path) {
    char *parent = strdup(path);
    *strrchr(parent, '/') = 0;
    int result = -1;
    for (int attempt = 0; attempt < 100 && result != 0; attempt++) {
        mkdir(parent, 0755);
        result = mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
        if (result != 0 && errno != ENOENT) break;
    }
    if (result != 0) fail("cannot make the directory", path);
    free(parent);
}

void make_groups(const struct options *options) {
    for (int index = 0; index < options->group_count; index++) make_group(options->groups[index]);
    for (int index = 0; index < options->limit_count; index++) {
        char *path = strdup(options->limits[index]);
        char *equals = strrchr(path, '=');
        if (!equals) fail_with("a limit has no value", path, EINVAL);
        *equals = 0;
        put(path, equals + 1);
        free(path);
    }
}

/* 0 is whoever writes it: cgroups(7). */
void enter_groups(const struct options *options) {
    for (int index = 0; index < options->group_count; index++) {
        char *path = join(options->groups[index], "/cgroup.procs");
        put(path, "0");
        free(path);
    }
}

void report_counters(const struct options *options) {
    for (int index = 0; index < options->counter_count; index++) {
        const char *path = options->counters[index];
        char text[4096], message[8192];
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ssize_t length = read(file, text, sizeof text - 1);
        close(file);
        if (length < 0) continue;
        text[length] = 0;
        snprintf(message, sizeof message, "%s %s", path, text);
        send_text("count", message);
    }
}

/* A group is busy for a moment after the last of its processes has ended: some ten microseconds, or longer on a busy node. */
static void remove_group(const char *path) {
    struct timespec pause = {0, 20000};
    for (int attempt = 0; attempt < 1000; attempt++) {
        if (rmdir(path) == 0 || errno != EBUSY) break;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 2000000) pause.tv_nsec *= 2;
    }
}

void remove_groups(const struct options *options) {
    for (int index = 0; index < options->removal_count; index++) remove_group(options->removals[index]);
    for (int index = options->group_count - 1; index >= 0; index--) remove_group(options->groups[index]);
}

#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *read_all(int descriptor, size_t limit, size_t *length) {
    size_t room = 65536, filled = 0;
    char *bytes = malloc(room + 1);
    while (bytes) {
        ssize_t count = read(descriptor, bytes + filled, room - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        filled += (size_t)count;
        if (filled > limit) fail_with("the configuration is too long", "", EFBIG);
        if (filled == room) bytes = realloc(bytes, (room *= 2) + 1);
    }
    if (!bytes) fail_with("no memory", "", ENOMEM);
    bytes[filled] = 0;
    *length = filled;
    return bytes;
}

/* The text after `text`, or NULL when there is none. */
const char *next_text(const char *text, const char *end) {
    const char *next = text + strlen(text) + 1;
    return next < end ? next : NULL;
}

void write_file(const char *path, const char *text, size_t length, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (file < 0) fail("cannot make", path);
    if (write(file, text, length) != (ssize_t)length) fail("cannot write", path);
    close(file);
}

/* Makes a directory and its parents; those that it makes belong to `owner`. */
void make_directories(char *path, mode_t mode, long owner) {
    for (char *slash = path + 1;; slash++) {
        if (*slash && *slash != '/') continue;
        char end = *slash;
        *slash = 0;
        if (mkdir(path, mode) == 0) {
            if (owner >= 0 && chown(path, (uid_t)owner, (gid_t)owner) != 0) fail("cannot give away", path);
        } else if (errno != EEXIST) {
            fail("cannot make the directory", path);
        }
        *slash = end;
        if (!end) return;
    }
}

char *join(const char *first, const char *second) {
    char *text;
    if (asprintf(&text, "%s%s", first, second) < 0) fail_with("no memory", "", ENOMEM);
    return text;
}

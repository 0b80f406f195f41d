#define _GNU_SOURCE
#include "helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A directory is open for each level on the way down; what lies deeper cannot be measured. */
enum { MOST_LEVELS = 1024 };

/* What a name and its inode take at least, so that files without contents are bounded too. */
enum { BYTES_OF_ENTRY = 256 };

/* Milliseconds between two looks. */
enum { SHORTEST_PAUSE = 1000, LONGEST_PAUSE = 10000 };

struct usage {
    dev_t disk;
    long long bytes;
    long long longest;    /* of one file */
    const char *obstacle; /* why not all could be measured, or NULL */
};

static void look_into(int directory, int level, struct usage *usage);

/* What is gone by now, or is no directory any more, was moved or removed by the step meanwhile. */
static void look_at(int directory, const char *name, int level, struct usage *usage) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_dev != usage->disk) return;
    /* A file of more than one name lies here under each of them: a link to another mount is refused. */
    long long names = S_ISDIR(status.st_mode) || status.st_nlink == 0 ? 1 : (long long)status.st_nlink;
    usage->bytes += status.st_blocks * 512LL / names + BYTES_OF_ENTRY;
    if (S_ISREG(status.st_mode) && status.st_size > usage->longest) usage->longest = status.st_size;
    if (!S_ISDIR(status.st_mode)) return;
    if (level == MOST_LEVELS) {
        usage->obstacle = "directories are more than 1024 levels deep";
        return;
    }
    int inner = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0) look_into(inner, level + 1, usage);
    else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) usage->obstacle = strerror(errno);
}

/* Closes the directory. Nothing is looked for by a path, so that no path is too long, and nothing that is moved leads elsewhere. */
static void look_into(int directory, int level, struct usage *usage) {
    DIR *listing = fdopendir(directory);
    if (!listing) {
        usage->obstacle = strerror(errno);
        close(directory);
        return;
    }
    errno = 0;
    for (struct dirent *entry; (entry = readdir(listing)); errno = 0)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) look_at(directory, entry->d_name, level, usage);
    if (errno && errno != ENOENT) usage->obstacle = strerror(errno);
    closedir(listing);
}

/* What the files below a directory take; they are a stranger's, and no link of theirs is followed. */
static struct usage usage_below(const char *path) {
    struct usage usage = {0};
    struct stat status;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fstat(directory, &status) != 0) {
        usage.obstacle = strerror(errno);
        if (directory >= 0) close(directory);
        return usage;
    }
    usage.disk = status.st_dev;
    look_into(directory, 0, &usage);
    return usage;
}

/* A level takes a descriptor; those that the worker had are few where its service manager says so. */
static void allow_levels(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= 2 * MOST_LEVELS) return;
    files.rlim_cur = files.rlim_max < 2 * MOST_LEVELS ? files.rlim_max : 2 * MOST_LEVELS;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void tell(long long bytes) {
    static long long most;
    char text[32];
    if (bytes <= most) return;
    most = bytes;
    snprintf(text, sizeof text, "%lld", bytes);
    send_text("usage", text);
}

/* What cannot be measured may be any number of bytes. */
static bool is_too_much(const struct options *options, const struct usage *usage, long long more) {
    tell(usage->bytes + more);
    bool is_full = usage->bytes + more > options->most_bytes;
    if (is_full) send_text("full", "");
    else if (usage->obstacle) send_text("unmeasured", usage->obstacle);
    return is_full || usage->obstacle;
}

/* Looks at what the step has written, and says so; true if that is too much. `pause` is how many milliseconds the next look is away:
   a second, or up to ten where looking takes long. */
bool wrote_too_much(const struct options *options, pid_t init, int *pause) {
    struct timespec start, end;
    allow_levels();
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct usage usage = usage_below(options->scratch);
    long long unnamed = unnamed_bytes(init, options->scratch);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long spent = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    *pause = spent <= SHORTEST_PAUSE / 20 ? SHORTEST_PAUSE : spent >= LONGEST_PAUSE / 20 ? LONGEST_PAUSE : (int)spent * 20;
    return is_too_much(options, &usage, unnamed);
}

/* A last look, when the step has ended: one that came to the limit with a single file ended by that. */
void look_at_end(const struct options *options) {
    allow_levels();
    struct usage usage = usage_below(options->scratch);
    if (is_too_much(options, &usage, 0)) return;
    if (usage.longest >= options->most_bytes) send_text("full", "");
}

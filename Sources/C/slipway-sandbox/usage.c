#define _GNU_SOURCE
#include "helper.h"

#include <fts.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* What the files below a directory take, in bytes, and how long the longest is; they are a stranger's, and no link of theirs is
   followed. */
static long long bytes_below(const char *path, long long *longest) {
    char *paths[] = {(char *)path, NULL};
    long long bytes = 0;
    *longest = 0;
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV, NULL);
    for (FTSENT *entry; walk && (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS || !entry->fts_statp) continue;
        bytes += entry->fts_statp->st_blocks * 512LL;
        if (S_ISREG(entry->fts_statp->st_mode) && entry->fts_statp->st_size > *longest) *longest = entry->fts_statp->st_size;
    }
    if (walk) fts_close(walk);
    return bytes;
}

static void tell(long long bytes) {
    static long long most;
    char text[32];
    if (bytes <= most) return;
    most = bytes;
    snprintf(text, sizeof text, "%lld", bytes);
    send_text("usage", text);
}

/* Looks at what the step has written, and says so; true if that is too much. `pause` is how many milliseconds the next look is away:
   a second, or more where looking takes long. */
bool wrote_too_much(const struct options *options, pid_t init, int *pause) {
    struct timespec start, end;
    long long longest;
    clock_gettime(CLOCK_MONOTONIC, &start);
    long long bytes = bytes_below(options->scratch, &longest) + unnamed_bytes(init, options->scratch);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long spent = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    *pause = spent > 50 ? (int)spent * 20 : 1000;
    tell(bytes);
    if (bytes <= options->most_bytes) return false;
    send_text("full", "");
    return true;
}

/* A last look, when the step has ended: one that came to the limit between two looks, or with a single file, ended by that. */
void look_at_end(const struct options *options) {
    long long longest, bytes = bytes_below(options->scratch, &longest);
    tell(bytes);
    if (bytes >= options->most_bytes || longest >= options->most_bytes) send_text("full", "");
}

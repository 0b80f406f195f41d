#define _GNU_SOURCE
#include "helper.h"

#include <dirent.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Files without a name that processes of a step still have open: they take room, and no directory shows them. */

enum { MOST_PROCESSES = 1 << 16, MOST_FILES = 4096 };
enum kinship { UNKNOWN, OURS, STRANGE };

struct process { pid_t id, parent; enum kinship kinship; };
struct file { dev_t disk; ino_t number; };
struct found { struct file files[MOST_FILES]; int count; long long bytes; };

/* The parent of a process, or 0: proc_pid_stat(5). A name may hold anything, so that its last parenthesis is looked for. */
static pid_t parent_of(pid_t process) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    char *end = strrchr(text, ')');
    int parent = 0;
    return end && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static int list_processes(struct process *all) {
    DIR *directory = opendir("/proc");
    int count = 0;
    for (struct dirent *entry; directory && count < MOST_PROCESSES && (entry = readdir(directory));) {
        pid_t process = atoi(entry->d_name);
        if (process > 0) all[count++] = (struct process){process, parent_of(process), UNKNOWN};
    }
    if (directory) closedir(directory);
    return count;
}

static int by_id(const void *one, const void *other) {
    pid_t left = ((const struct process *)one)->id, right = ((const struct process *)other)->id;
    return (left > right) - (left < right);
}

static struct process *find(struct process *all, int count, pid_t id) {
    struct process key = {.id = id};
    return bsearch(&key, all, (size_t)count, sizeof *all, by_id);
}

/* Whoever lost its parent in a process namespace has that namespace's first process as its parent, so that all lead to `init`.
   What is found is noted on the whole way there: however long it is, nobody's is gone twice. */
static enum kinship kinship(struct process *all, int count, struct process *process, pid_t init) {
    enum kinship found = UNKNOWN;
    int steps = 0;
    struct process *next = process;
    while (found == UNKNOWN) {
        if (!next || steps++ > count) found = STRANGE;
        else if (next->id == init) found = OURS;
        else if (next->kinship != UNKNOWN) found = next->kinship;
        else next = find(all, count, next->parent);
    }
    for (struct process *at = process; at && at->kinship == UNKNOWN; at = find(all, count, at->parent)) at->kinship = found;
    return found;
}

/* Whoever has more of them than can be told apart has them counted as often as they are open. */
static bool is_new(struct found *found, const struct stat *status) {
    for (int index = 0; index < found->count; index++)
        if (found->files[index].number == status->st_ino && found->files[index].disk == status->st_dev) return false;
    if (found->count < MOST_FILES) found->files[found->count++] = (struct file){status->st_dev, status->st_ino};
    return true;
}

/* An overlay shows its files on disks that there are nowhere else; what is in memory has limits of its own. */
static bool is_on_disk(const char *path, const struct stat *status, dev_t disk) {
    struct statfs system;
    return status->st_dev == disk || (statfs(path, &system) == 0 && system.f_type == OVERLAYFS_SUPER_MAGIC);
}

static void look_at(pid_t process, dev_t disk, struct found *found) {
    char path[300];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/fd", process);
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%s", process, entry->d_name);
        if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 0) continue;
        if (is_on_disk(path, &status, disk) && is_new(found, &status)) found->bytes += status.st_blocks * 512LL;
    }
    if (directory) closedir(directory);
}

long long unnamed_bytes(pid_t init, const char *scratch) {
    struct stat disk;
    struct process *all = calloc(MOST_PROCESSES, sizeof *all);
    struct found *found = calloc(1, sizeof *found);
    long long bytes = 0;
    if (all && found && stat(scratch, &disk) == 0) {
        int count = list_processes(all);
        qsort(all, (size_t)count, sizeof *all, by_id);
        for (int index = 0; index < count; index++)
            if (kinship(all, count, &all[index], init) == OURS) look_at(all[index].id, disk.st_dev, found);
        bytes = found->bytes;
    }
    free(found);
    free(all);
    return bytes;
}

#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void append(const char **list, int *count, int most, const char *value, const char *name) {
    if (*count == most) fail_with("too many values for", name, E2BIG);
    list[(*count)++] = value;
}

static bool read_list(struct options *o, const char *name, const char *value) {
    if (!strcmp(name, "--lower")) append(o->lowers, &o->lower_count, MOST_LAYERS, value, name);
    else if (!strcmp(name, "--cache")) append(o->caches, &o->cache_count, MOST_CACHES, value, name);
    else if (!strcmp(name, "--stub")) append(o->stubs, &o->stub_count, MOST_PATHS, value, name);
    else if (!strcmp(name, "--group")) append(o->groups, &o->group_count, MOST_PATHS, value, name);
    else if (!strcmp(name, "--remove")) append(o->removals, &o->removal_count, MOST_PATHS, value, name);
    else if (!strcmp(name, "--limit")) append(o->limits, &o->limit_count, MOST_PATHS, value, name);
    else if (!strcmp(name, "--counter")) append(o->counters, &o->counter_count, MOST_PATHS, value, name);
    else return false;
    return true;
}

static bool read_value(struct options *o, const char *name, const char *value) {
    if (!strcmp(name, "--runtime")) o->runtime = value;
    else if (!strcmp(name, "--identifier")) o->identifier = value;
    else if (!strcmp(name, "--scratch")) o->scratch = value;
    else if (!strcmp(name, "--disk")) o->has_disk = !strcmp(value, "yes");
    else if (!strcmp(name, "--runc")) o->is_runc = !strcmp(value, "yes");
    else if (!strcmp(name, "--rootless")) o->is_rootless = !strcmp(value, "yes");
    else if (!strcmp(name, "--unmapped")) o->is_unmapped = !strcmp(value, "yes");
    else if (!strcmp(name, "--base")) o->base = atol(value);
    else if (!strcmp(name, "--count")) o->count = atol(value);
    else if (!strcmp(name, "--most-bytes")) o->most_bytes = atoll(value);
    else if (!strcmp(name, "--port")) o->port = atoi(value);
    else return false;
    return true;
}

void read_options(struct options *options, int argc, char **argv) {
    memset(options, 0, sizeof *options);
    options->count = 65536;
    for (int index = 1; index < argc; index += 2) {
        if (index + 1 == argc) fail_with("a value is missing for", argv[index], EINVAL);
        if (!read_value(options, argv[index], argv[index + 1]) && !read_list(options, argv[index], argv[index + 1]))
            fail_with("there is no option", argv[index], EINVAL);
    }
    if (!options->runtime || !options->identifier || !options->scratch || options->lower_count == 0)
        fail_with("too few options", "--runtime --identifier --scratch --lower", EINVAL);
}

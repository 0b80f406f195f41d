#ifndef SLIPWAY_CGIT2_SHIM_H
#define SLIPWAY_CGIT2_SHIM_H

#include <git2.h>
#include <git2/sys/alloc.h>
#include <git2/sys/credential.h>
#include <git2/sys/errors.h>
#include <git2/sys/stream.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What Swift cannot say about libgit2: variadic options, and options that only some versions have. */

#define SLIPWAY_GIT_AT_LEAST(major, minor) \
    (LIBGIT2_VER_MAJOR > (major) || (LIBGIT2_VER_MAJOR == (major) && LIBGIT2_VER_MINOR >= (minor)))

/// Values that libgit2 1.5 does not have names for: GIT_TIMEOUT, and the error category GIT_ERROR_GRAFTS.
enum { SLIPWAY_GIT_TIMEOUT = -37, SLIPWAY_GIT_ERROR_GRAFTS = 36 };

/// A plain socket as a libgit2 stream. The first four members have to lie as in libgit2's own socket stream, because its
/// SSH transport takes the descriptor from there (1.5 to 1.9 agree); what follows is ours.
typedef struct {
    git_stream parent;
    char *host;
    char *port;
    int descriptor;
    void *operation;
} slipway_git_stream;

/// getdents64(2): syscall is variadic, and glibc's readdir asks three more questions for each directory.
static inline ssize_t slipway_list_directory(int directory, void *records, size_t size) {
    return syscall(SYS_getdents64, directory, records, size);
}

/// GIT_OPT_SET_SSL_CERT_LOCATIONS is variadic.
static inline int slipway_git_set_certificate_file(const char *file) {
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, (const char *)NULL);
}

/// GIT_OPT_SET_SEARCH_PATH is variadic. No configuration of this machine or its users is read: it may rewrite URLs.
static inline int slipway_git_ignore_outside_configuration(void) {
    static const int levels[] = {
        GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
    };
    for (size_t index = 0; index < sizeof levels / sizeof levels[0]; index++) {
        int error = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[index], "");
        if (error < 0) return error;
    }
    return 0;
}

/// GIT_OPT_SET_OWNER_VALIDATION is variadic and exists from 1.5.
static inline int slipway_git_accept_any_owner(void) {
#if SLIPWAY_GIT_AT_LEAST(1, 5)
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
#else
    return 0;
#endif
}

#if !SLIPWAY_GIT_AT_LEAST(1, 6)
/* An allocator of 1.5 has a function for each way to allocate; all of them come down to these two. */
static void *(*slipway_git_allocate)(size_t size, const char *file, int line);
static void *(*slipway_git_reallocate)(void *memory, size_t size, const char *file, int line);

static inline void *slipway_git_reallocarray(void *memory, size_t count, size_t size, const char *file, int line) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    return memory ? slipway_git_reallocate(memory, total, file, line) : slipway_git_allocate(total, file, line);
}

static inline void *slipway_git_mallocarray(size_t count, size_t size, const char *file, int line) {
    return slipway_git_reallocarray(NULL, count, size, file, line);
}

static inline void *slipway_git_calloc(size_t count, size_t size, const char *file, int line) {
    void *memory = slipway_git_mallocarray(count, size, file, line);
    if (memory) memset(memory, 0, count * size);
    return memory;
}

static inline char *slipway_git_substrdup(const char *text, size_t count, const char *file, int line) {
    char *copy = count < SIZE_MAX ? (char *)slipway_git_allocate(count + 1, file, line) : NULL;
    if (copy) {
        memcpy(copy, text, count);
        copy[count] = 0;
    }
    return copy;
}

static inline char *slipway_git_strndup(const char *text, size_t count, const char *file, int line) {
    return slipway_git_substrdup(text, strnlen(text, count), file, line);
}

static inline char *slipway_git_strdup(const char *text, const char *file, int line) {
    return slipway_git_substrdup(text, strlen(text), file, line);
}
#endif

/// GIT_OPT_SET_ALLOCATOR is variadic. The library's own allocator is malloc(3) too, so it may be replaced at any time;
/// `allocator` has to stay where it is.
static inline int slipway_git_set_allocator(
    git_allocator *allocator,
    void *(*allocate)(size_t size, const char *file, int line),
    void *(*reallocate)(void *memory, size_t size, const char *file, int line),
    void (*release)(void *memory)
) {
    memset(allocator, 0, sizeof *allocator);
    allocator->gmalloc = allocate;
    allocator->grealloc = reallocate;
    allocator->gfree = release;
#if !SLIPWAY_GIT_AT_LEAST(1, 6)
    slipway_git_allocate = allocate;
    slipway_git_reallocate = reallocate;
    allocator->gcalloc = slipway_git_calloc;
    allocator->gstrdup = slipway_git_strdup;
    allocator->gstrndup = slipway_git_strndup;
    allocator->gsubstrdup = slipway_git_substrdup;
    allocator->greallocarray = slipway_git_reallocarray;
    allocator->gmallocarray = slipway_git_mallocarray;
#elif !SLIPWAY_GIT_AT_LEAST(1, 8)
    /* Which of the two forms these have is not known. */
    return 0;
#endif
    return git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, allocator);
}

/// How much memory an allocation takes: malloc.h is in no module of Swift's.
static inline size_t slipway_git_usable_size(void *memory) {
    return malloc_usable_size(memory);
}

/// GIT_OPT_SET_MWINDOW_SIZE and its kind are variadic: how much of packs is mapped at once.
static inline int slipway_git_set_windows(size_t size, size_t limit) {
    int error = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, size);
    return error < 0 ? error : git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, limit);
}

/// GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION is variadic.
static inline int slipway_git_set_strict_hashes(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, enabled);
}

/// GIT_OPT_SET_HOMEDIR is variadic and exists from 1.7; the SSH transport reads .ssh/known_hosts there to choose which of a
/// host's keys to ask for.
static inline int slipway_git_set_home(const char *directory) {
#if SLIPWAY_GIT_AT_LEAST(1, 7)
    return git_libgit2_opts(GIT_OPT_SET_HOMEDIR, directory);
#else
    (void)directory;
    return 0;
#endif
}

/// The registration has a member named init, which Swift cannot set. Process-wide: every plain connection of the library.
static inline int slipway_git_register_sockets(int (*create)(git_stream **out, const char *host, const char *port)) {
    git_stream_registration registration = {GIT_STREAM_VERSION, create, NULL};
    return git_stream_register(GIT_STREAM_STANDARD, &registration);
}

/// Whether a fetch can be limited in depth, which came with 1.7.
static inline int slipway_git_has_depth(void) {
    return SLIPWAY_GIT_AT_LEAST(1, 7);
}

/// Fetch options with everything off: no tags beyond the refspecs, no FETCH_HEAD, no redirects to other hosts. `depth` is 0
/// for all of the history, INT_MAX to complete a shallow repository.
static inline int slipway_git_prepare_fetch(git_fetch_options *options, int depth) {
    int error = git_fetch_options_init(options, GIT_FETCH_OPTIONS_VERSION);
    if (error < 0) return error;
    options->prune = GIT_FETCH_NO_PRUNE;
    options->update_fetchhead = 0;
    options->download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options->proxy_opts.type = GIT_PROXY_AUTO;
    options->follow_redirects = GIT_REMOTE_REDIRECT_NONE;
#if SLIPWAY_GIT_AT_LEAST(1, 7)
    options->depth = depth;
#else
    (void)depth;
#endif
    return 0;
}

#endif

#ifndef SLIPWAY_CSHIMS_H
#define SLIPWAY_CSHIMS_H

/* Calls that Swift's Glibc overlay cannot see: variadics, and declarations behind feature macros. */

/// Names the calling thread, for debuggers and /proc; truncated by the kernel to 15 bytes.
int slipway_set_thread_name(const char *name);

/// Opens a nameless file in `directory` that is gone when its descriptor closes: O_TMPFILE, or a
/// created and unlinked file where the file system has none. Returns a descriptor or -errno.
int slipway_open_unlinked(const char *directory);

/// Seconds and nanoseconds of CLOCK_BOOTTIME, which goes on while the machine sleeps or a process is stopped.
long long slipway_boottime_nanoseconds(void);

/// A pipe whose ends are closed in programs that this process starts: ends[0] reads, ends[1] writes. Returns 0 or -errno.
int slipway_pipe(int ends[2]);

/// An epoll(7) instance that is readable while `descriptor` can be written to (`writing`) or read from, or its other side is gone.
/// Returns a descriptor or -errno.
int slipway_watch(int descriptor, int writing);

/// Gives memory that the allocator holds but nobody uses back to the system: malloc_trim(3).
void slipway_trim_memory(void);

/// At most this many heaps of the allocator for all threads: mallopt(3), M_ARENA_MAX. To be called before there are other threads; what an
/// allocator does not know it leaves as it is.
void slipway_limit_heaps(int count);

/// The system's limit on open files for this process is raised to its hard limit. Returns 0 or -errno.
int slipway_raise_open_files(void);

/// Writes what the file system of an open file has not written yet to its disk: syncfs(2). Returns 0 or -errno.
int slipway_sync_file_system(int descriptor);

/// Whether this host itself answers at an address: 1 where the kernel's routes deliver it here (rtnetlink(7), RTN_LOCAL and its kin), 0 where
/// they do not or there is no route, or -errno where that cannot be told. `address` has 4 or 16 bytes.
int slipway_is_own_address(const unsigned char *address, unsigned int length);

/* Extended attributes: xattr(7). Of the open file if path is null, else of what is at path, which is not followed. They return
   what the system's functions return, and leave errno. */
int slipway_set_attribute(int descriptor, const char *path, const char *name, const void *value, unsigned long size);
long slipway_get_attribute(int descriptor, const char *path, const char *name, void *value, unsigned long size);
long slipway_list_attributes(const char *path, char *names, unsigned long size);

#endif

#ifndef SLIPWAY_CSANDBOX_H
#define SLIPWAY_CSANDBOX_H

/* Calls of the sandbox that Swift's Glibc overlay cannot see: macros of control messages, and flags behind feature macros. */

/// Two ends of a SOCK_SEQPACKET socket, closed in programs that this process starts. Returns 0 or -errno.
int slipway_control_pair(int ends[2]);

/// A pipe whose ends are closed in programs that this process starts: ends[0] reads, ends[1] writes. Returns 0 or -errno.
int slipway_step_pipe(int ends[2]);

/// Receives a message with up to two descriptors, which the caller owns; -1 where none came. Does not wait.
/// Returns the message's length, 0 at the end, or -errno.
long slipway_receive(int socket, void *bytes, unsigned long room, int descriptors[2]);

/// The type of the file system that a path is on, as statfs(2) has it; -1 if it cannot be told.
long slipway_file_system(const char *path);

/// The descriptor under a number of at least `lowest`, closed in programs that this process starts. Returns it or -errno.
int slipway_duplicate(int descriptor, int lowest);

/// A connecting or connected TCP socket that does not block. `address` is a sockaddr of `length` bytes.
/// Returns the descriptor, or -errno; EINPROGRESS is no failure.
int slipway_connect(const void *address, unsigned int length);

/// Accepts a connection that does not block. Returns the descriptor, or -errno.
int slipway_accept(int listener);

/// Makes a file system of a step's own: a copy of the one in the file `blank`, in a file without a name in `directory`, mounted
/// nowhere yet, with the directories upper, work and tmp. It is gone with the last descriptor and the last mount of it.
/// Returns the descriptor of the mount, see fsmount(2) and move_mount(2), or -errno; `what` is then what could not be done.
int slipway_make_disk(int blank, const char *directory, const char **what);

#endif

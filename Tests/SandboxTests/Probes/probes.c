/* Tries what a step must not be able to do. A line for each: "refused NAME: REASON", "ALLOWED NAME", or "UNCLEAR NAME: REASON" where the
   kernel got as far as looking at the arguments, or nothing was there to refuse: what would be let through says so too.
   Arguments are paths of files of the host, which must not be readable, or "=NAME", for that probe alone and others named like that. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A probe's own error beside those that mean a refusal everywhere. */
static int own_error;

static long by(int error, long result) { return own_error = error, result; }

static bool is_refusal(int error) {
    return error == EPERM || error == EACCES || error == ENOSYS || error == EROFS || error == ENOENT
        || (own_error != 0 && error == own_error);
}

static long call(long number, long a, long b, long c, long d, long e) { return syscall(number, a, b, c, d, e); }

/* These have arguments that a kernel takes, so that nothing but a refusal keeps them from working. */

static long make_bpf_map(void) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = attributes.value_size = 4;
    attributes.max_entries = 1;
    return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

static long set_up_ring(void) {
    char parameters[120] = {0}; /* struct io_uring_params */
    return syscall(425, 1, parameters);
}

static long open_counter(void) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.size = PERF_ATTR_SIZE_VER0;
    attributes.config = PERF_COUNT_SW_TASK_CLOCK;
    return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static char handle_room[sizeof(struct file_handle) + 128];

static long name_to_handle(void) {
    struct file_handle *handle = (struct file_handle *)handle_room;
    int mount;
    handle->handle_bytes = 128;
    return syscall(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount, 0);
}

static long open_by_handle(void) {
    if (name_to_handle() < 0 && errno != EPERM) return -1;
    return syscall(SYS_open_by_handle_at, open("/", O_RDONLY), handle_room, O_RDONLY);
}

static long read_memory(void) {
    char from = 1, to;
    struct iovec own = {&to, 1}, other = {&from, 1};
    return syscall(SYS_process_vm_readv, getpid(), &own, 1, &other, 1, 0);
}

static long write_to(const char *path, const char *text) {
    int file = open(path, O_WRONLY);
    if (file < 0) return -1;
    long count = write(file, text, strlen(text));
    int error = errno;
    close(file);
    errno = error;
    return count;
}

/* Opening is enough to tell: what it would change is the whole node's. */
static long open_to_write(const char *path) { return open(path, O_WRONLY); }

/* Empty is as good as refused: masked files are. */
static long read_from(const char *path) {
    char bytes[64];
    int file = open(path, O_RDONLY | O_NONBLOCK);
    if (file < 0) return -1;
    long count = read(file, bytes, sizeof bytes);
    int error = count == 0 ? ENODATA : errno;
    close(file);
    errno = error;
    return count > 0 ? count : -1;
}

static long exists(const char *path) { return access(path, F_OK); }

static long raise_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_max += 1;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static long realtime(void) {
    struct sched_param parameter = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO, &parameter);
}

static long own_namespace(const char *path) {
    int file = open(path, O_RDONLY);
    return file < 0 ? -1 : setns(file, 0);
}

static long new_namespace_clone(long flags) {
    long child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    return child;
}

static long clone_three(void) {
    struct { unsigned long long flags, rest[10]; } arguments = {.flags = CLONE_NEWUSER};
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) _exit(0);
    return child;
}

static long new_privileges(void) {
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return errno = EPERM, -1;
    return 0;
}

static long owner_outside(void) {
    close(open("/tmp/owned", O_CREAT | O_WRONLY, 0600));
    return chown("/tmp/owned", 70000, 70000);
}

static long fill_terminal(void) { return ioctl(0, TIOCSTI, "x"); }

/* A pipe opened again is the same pipe; a file would be one of the host. */
static long reopen_files(void) {
    for (int file = 0; file < 3; file++) {
        struct stat status;
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        int again = open(path, O_RDWR);
        if (again >= 0 && fstat(again, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 0;
    }
    return errno = EACCES, -1;
}

static long inherited_descriptors(void) {
    for (int file = 3; file < 1024; file++)
        if (fcntl(file, F_GETFD) >= 0) return file;
    return errno = ENOENT, -1;
}

/* The calls of 32-bit programs have other numbers: 20 is getpid. A kernel in user mode knows no such calls: it takes the number for
   its own writev, which the filter has let through as that. */
static long call_as_i386(void) {
#ifdef __x86_64__
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result == getpid() ? result : (errno = ENOSYS, -1);
#else
    return errno = ENOSYS, -1;
#endif
}

static long call_as_x32(void) { return syscall(0x40000000 | SYS_getpid); }

static long connect_to(const char *four, int port) {
    struct { unsigned short family, port; unsigned char address[4], zero[8]; } target = {AF_INET, 0, {0}, {0}};
    target.port = (unsigned short)((port << 8 | port >> 8) & 0xffff);
    sscanf(four, "%hhu.%hhu.%hhu.%hhu", target.address, target.address + 1, target.address + 2, target.address + 3);
    int any = socket(AF_INET, SOCK_STREAM, 0);
    return connect(any, (struct sockaddr *)&target, sizeof target);
}
#define PROBES(P) \
    P(mount_tmpfs, mount("tmpfs", "/tmp", "tmpfs", 0, NULL)) \
    P(mount_proc, mount("proc", "/tmp", "proc", 0, NULL)) \
    P(mount_overlay, mount("o", "/tmp", "overlay", 0, "lowerdir=/,upperdir=/tmp,workdir=/tmp")) \
    P(bind_mount, mount("/", "/tmp", NULL, MS_BIND, NULL)) \
    P(remount_proc_writable, mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL)) \
    P(umount_proc, umount2("/proc", MNT_DETACH)) \
    P(pivot_root, call(SYS_pivot_root, (long)"/", (long)"/tmp", 0, 0, 0)) \
    P(change_root, chroot("/tmp")) \
    P(open_tree, call(428, AT_FDCWD, (long)"/", 1, 0, 0)) \
    P(move_mount, call(429, AT_FDCWD, (long)"/", AT_FDCWD, (long)"/tmp", 0)) \
    P(fsopen, call(430, (long)"tmpfs", 0, 0, 0, 0)) \
    P(mount_setattr, call(442, AT_FDCWD, (long)"/", 0, 0, 0)) \
    P(unshare_user, unshare(CLONE_NEWUSER)) \
    P(unshare_mount, unshare(CLONE_NEWNS)) \
    P(unshare_network, unshare(CLONE_NEWNET)) \
    P(unshare_process, unshare(CLONE_NEWPID)) \
    P(unshare_cgroup, unshare(CLONE_NEWCGROUP)) \
    P(clone_user, new_namespace_clone(CLONE_NEWUSER)) \
    P(clone_network, new_namespace_clone(CLONE_NEWNET)) \
    P(clone_three, clone_three()) \
    P(setns_network, own_namespace("/proc/self/ns/net")) \
    P(setns_of_one, own_namespace("/proc/1/ns/mnt")) \
    P(make_block_device, mknod("/tmp/b", S_IFBLK | 0600, makedev(254, 0))) \
    P(make_character_device, mknod("/tmp/c", S_IFCHR | 0600, makedev(1, 3))) \
    P(make_memory_device, mknod("/tmp/m", S_IFCHR | 0600, makedev(1, 1))) \
    P(make_whiteout, mknod("/w", S_IFCHR, makedev(0, 0))) \
    P(keyctl, call(SYS_keyctl, 0, -3, 0, 0, 0)) \
    P(add_key, call(SYS_add_key, (long)"user", (long)"x", (long)"y", 1, -3)) \
    P(request_key, call(SYS_request_key, (long)"user", (long)"x", 0, 0, 0)) \
    P(trace_me, call(SYS_ptrace, 0, 0, 0, 0, 0)) \
    P(trace_one, call(SYS_ptrace, 0x4206, 1, 0, 0, 0)) \
    P(read_memory_of_another, read_memory()) \
    P(compare_processes, call(SYS_kcmp, getpid(), getpid(), 1, 0, 0)) \
    P(steal_descriptor, call(438, syscall(434, getpid(), 0), 0, 0, 0, 0)) \
    P(name_to_handle, name_to_handle()) \
    P(open_by_handle, open_by_handle()) \
    P(bpf, make_bpf_map()) \
    P(perf_event, open_counter()) \
    P(userfaultfd, call(SYS_userfaultfd, 0, 0, 0, 0, 0)) \
    P(io_uring, set_up_ring()) \
    P(memfd_secret, call(447, 0, 0, 0, 0, 0)) \
    P(kexec, call(SYS_kexec_load, 0, 0, 0, 0, 0)) \
    P(init_module, call(SYS_init_module, 0, 0, 0, 0, 0)) \
    P(finit_module, call(SYS_finit_module, 0, 0, 0, 0, 0)) \
    P(delete_module, call(SYS_delete_module, (long)"x", 0, 0, 0, 0)) \
    P(reboot, call(SYS_reboot, 0xfee1dead, 672274793, 0, 0, 0)) \
    P(set_host_name, sethostname("x", 1)) \
    P(set_domain_name, setdomainname("x", 1)) \
    P(set_time_of_day, call(SYS_settimeofday, 0, 0, 0, 0, 0)) \
    P(set_clock, call(SYS_clock_settime, 0, 0, 0, 0, 0)) \
    P(adjust_clock, call(SYS_clock_adjtime, 0, 0, 0, 0, 0)) \
    P(swap_on, call(SYS_swapon, (long)"/tmp/x", 0, 0, 0, 0)) \
    P(accounting, call(SYS_acct, 0, 0, 0, 0, 0)) \
    P(io_privilege, call(SYS_iopl, 3, 0, 0, 0, 0)) \
    P(io_permission, call(SYS_ioperm, 0, 1, 1, 0, 0)) \
    P(kernel_log, call(SYS_syslog, 3, 0, 0, 0, 0)) \
    P(quota, call(SYS_quotactl, 0, 0, 0, 0, 0)) \
    P(fanotify, call(SYS_fanotify_init, 0, 0, 0, 0, 0)) \
    P(packet_socket, socket(AF_PACKET, SOCK_RAW, 0)) \
    P(raw_socket, socket(AF_INET, SOCK_RAW, 1)) \
    P(vsock_socket, socket(AF_VSOCK, SOCK_STREAM, 0)) \
    P(crypto_socket, socket(AF_ALG, SOCK_SEQPACKET, 0)) \
    P(netfilter_socket, socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)) \
    P(audit_socket, socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)) \
    P(raise_open_files, raise_limit()) \
    P(realtime_priority, realtime()) \
    P(better_priority, setpriority(PRIO_PROCESS, 0, -10)) \
    P(spare_from_memory_killer, write_to("/proc/self/oom_score_adj", "-1000")) \
    P(core_pattern, open_to_write("/proc/sys/kernel/core_pattern")) \
    P(drop_caches, open_to_write("/proc/sys/vm/drop_caches")) \
    P(host_name_by_proc, open_to_write("/proc/sys/kernel/hostname")) \
    P(sysrq, open_to_write("/proc/sysrq-trigger")) \
    P(forwarding, open_to_write("/proc/sys/net/ipv4/ip_forward")) \
    P(own_uid_map, write_to("/proc/self/uid_map", "0 0 1")) \
    P(kernel_memory, by(ENODATA, read_from("/proc/kcore"))) \
    P(kernel_symbols, by(ENODATA, read_from("/proc/kallsyms"))) \
    P(kernel_keys, by(ENODATA, read_from("/proc/keys"))) \
    P(kernel_messages, by(ENODATA, read_from("/proc/kmsg"))) \
    P(device_messages, by(ENODATA, read_from("/dev/kmsg"))) \
    P(device_memory, by(ENODATA, read_from("/dev/mem"))) \
    P(device_disk, by(ENODATA, read_from("/dev/vda"))) \
    P(device_loop, by(ENODATA, read_from("/dev/loop0"))) \
    P(device_loop_control, exists("/dev/loop-control")) \
    P(device_kvm, exists("/dev/kvm")) \
    P(device_fuse, exists("/dev/fuse")) \
    P(device_tun, exists("/dev/net/tun")) \
    P(groups_of_the_host, exists("/sys/fs/cgroup/memory")) \
    P(other_processes, exists("/proc/300")) \
    P(environment_of_the_runtime, exists("/proc/2/environ")) \
    P(owner_outside_of_range, by(EINVAL, owner_outside())) \
    P(user_outside_of_range, by(EINVAL, setuid(70000))) \
    P(own_privileges, prctl(PR_CAPBSET_READ, 21, 0, 0, 0) == 1 ? 0 : (errno = EPERM, -1)) \
    P(owner_of_another, prctl(PR_CAPBSET_READ, 0, 0, 0, 0) == 1 ? 0 : (errno = EPERM, -1)) \
    P(new_privileges, new_privileges()) \
    P(type_into_terminal, by(ENOTTY, fill_terminal())) \
    P(no_random_addresses, call(SYS_personality, 0x0040000, 0, 0, 0, 0)) \
    P(other_architecture, call(SYS_personality, 0x0400000, 0, 0, 0, 0)) \
    P(reopened_files, reopen_files()) \
    P(inherited_descriptors, inherited_descriptors()) \
    P(call_as_i386, by(EINVAL, call_as_i386())) \
    P(call_as_x32, call_as_x32()) \
    P(metadata_service, by(ENETUNREACH, connect_to("169.254.169.254", 80))) \
    P(a_private_network, by(ENETUNREACH, connect_to("10.0.0.1", 80))) \
    P(redis_of_the_host, by(ECONNREFUSED, connect_to("127.0.0.1", 6379))) \
    P(ssh_of_the_host, by(ECONNREFUSED, connect_to("127.0.0.1", 22)))

#define DEFINE(identifier, expression) static long probe_##identifier(void) { return (expression); }
#define LIST(identifier, expression) {#identifier, probe_##identifier},
PROBES(DEFINE)

static const struct { const char *name; long (*try)(void); } probes[] = {PROBES(LIST)};

/* Whether arguments name no probe, or this one. */
static bool is_wanted(const char *name, int argc, char **argv) {
    bool has_names = false;
    for (int index = 1; index < argc; index++) {
        if (*argv[index] != '=') continue;
        has_names = true;
        if (!strcmp(argv[index] + 1, name)) return true;
    }
    return !has_names;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t index = 0; index < sizeof probes / sizeof *probes; index++) {
        if (!is_wanted(probes[index].name, argc, argv)) continue;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            errno = 0;
            long result = probes[index].try();
            int error = errno;
            if (result >= 0) printf("ALLOWED %s\n", probes[index].name);
            else printf("%s %s: %s\n", is_refusal(error) ? "refused" : "UNCLEAR", probes[index].name, strerror(error));
            fflush(stdout);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (!WIFEXITED(status)) printf("refused %s: signal %d\n", probes[index].name, WTERMSIG(status));
    }
    /* Files of the host, by paths that the test names. */
    for (int index = 1; index < argc; index++)
        if (*argv[index] != '=')
            printf("%s host file %s: %s\n", read_from(argv[index]) < 0 ? "refused" : "ALLOWED", argv[index], strerror(errno));
    return 0;
}

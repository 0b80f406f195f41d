#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OWN_NAMESPACES = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC };

/* Waits until everything is mounted, then goes to where it is: into the namespaces of the init. */
static void follow_init(int gate) {
    char word;
    if (read(gate, &word, 1) != 1) _exit(125);
    int init = (int)syscall(SYS_pidfd_open, 1, 0);
    if (init < 0 || setns(init, OWN_NAMESPACES) != 0) fail("cannot enter", "the step's namespaces");
}

/* To make a group and to enter it waits for all processors of the node. The init makes and mounts what the step needs meanwhile. */
static void run_runtime(const struct options *options, int gate) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    make_groups(options);
    enter_groups(options);
    /* A session keyring of its own; the step's filter refuses keyctl, so the runtime must not try. */
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    follow_init(gate);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    syscall(SYS_close_range, 3, ~0U, 0);
    /* crun is told to leave groups alone; runc makes one below ours, which `removals` names, or none if it may not. */
    const char *groups = !options->is_runc ? "--cgroup-manager=disabled"
        : options->is_rootless ? "--rootless=true" : "--rootless=false";
    /* It would remove that group, and what it counted, before the keeper can look. */
    const char *keep = options->is_runc ? "--keep" : "--no-new-keyring";
    execl(runtime_path(options), options->runtime, "--root", "/tmp/state", "--log", "/tmp/runtime.log",
          groups, "run", keep, "--no-new-keyring", "--pid-file",
          "/tmp/bundle/pid", "--bundle", "/tmp/bundle", options->identifier, NULL);
    _exit(125);
}

/* Process 1 takes in whatever loses its parent, until the runtime ends. */
static int wait_for(pid_t runtime) {
    for (;;) {
        int status;
        pid_t ended = waitpid(-1, &status, 0);
        if (ended < 0 && errno != EINTR) return 125;
        if (ended == runtime) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

static void report_log(void) {
    size_t length;
    int file = open("/tmp/runtime.log", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char *text = read_all(file, 1 << 20, &length);
    if (length) send_text("trouble", text);
    close(file);
    free(text);
}

static pid_t begin_runtime(const struct options *options, int *gate) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("cannot make", "a pipe");
    pid_t runtime = fork();
    if (runtime < 0) fail("cannot start", options->runtime);
    if (runtime == 0) {
        close(ends[1]);
        run_runtime(options, ends[0]);
    }
    close(ends[0]);
    *gate = ends[1];
    return runtime;
}

void run_init(const struct options *options, int leash) {
    struct pollfd end = {leash, POLLIN, 0};
    int gate;
    close(LOCK);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The keeper may have ended before that call. */
    if (poll(&end, 1, 0) != 0) _exit(125);
    find_runtime(options);
    pid_t runtime = begin_runtime(options, &gate);
    if (unshare(OWN_NAMESPACES) != 0) fail("cannot make", "namespaces");
    own_mounts(options);
    raise_loopback();
    int descriptors[2], count = 1;
    if (options->port) descriptors[count++] = listen_on_loopback(options->port);
    descriptors[0] = mount_root(options);
    send_ready(descriptors, count);
    for (int index = 0; index < count; index++) close(descriptors[index]);
    /* One that has ended has said why, and is waited for all the same. */
    if (write(gate, "", 1) == 1) close(gate);
    int status = wait_for(runtime);
    report_log();
    /* Both runtimes write it when the command's process is there; what is missing then is the runtime's fault. */
    if (access("/tmp/bundle/pid", F_OK) == 0) send_text("started", "");
    _exit(status);
}

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

static void run_runtime(const struct options *options) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    enter_groups(options);
    /* A session keyring of its own; the step's filter refuses keyctl, so the runtime must not try. */
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
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

void run_init(const struct options *options, const char *stream, size_t length, int leash) {
    struct pollfd end = {leash, POLLIN, 0};
    close(LOCK);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The keeper may have ended before that call. */
    if (poll(&end, 1, 0) != 0) _exit(125);
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) != 0) fail("cannot make", "namespaces");
    open_groups(options);
    own_mounts(options);
    raise_loopback();
    int descriptors[2], count = 1;
    if (options->port) descriptors[count++] = listen_on_loopback(options->port);
    descriptors[0] = mount_root(options, stream, length);
    send_ready(descriptors, count);
    for (int index = 0; index < count; index++) close(descriptors[index]);
    pid_t runtime = fork();
    if (runtime < 0) fail("cannot start", options->runtime);
    if (runtime == 0) run_runtime(options);
    int status = wait_for(runtime);
    report_log();
    /* Both runtimes write it when the command's process is there; what is missing then is the runtime's fault. */
    if (access("/tmp/bundle/pid", F_OK) == 0) send_text("started", "");
    _exit(status);
}

#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The keeper must outlive what an operator or a terminal sends to the worker: it ends when the worker does. */
static void settle(void) {
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    setsid();
    umask(022);
    syscall(SYS_close_range, DISK + 1, ~0U, 0);
    fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    if (chdir("/") != 0) fail("cannot go to", "/");
}

/* Waits until the init ends; kills it when the worker says so or is gone, or when the step has written too much. */
static int keep(const struct options *options, pid_t init) {
    int handle = (int)syscall(SYS_pidfd_open, init, 0);
    struct pollfd watched[2] = {{handle, POLLIN, 0}, {CONTROL, POLLIN, 0}};
    int status, pause = options->most_bytes > 0 ? 1000 : -1;
    while (handle >= 0 && !(watched[0].revents & POLLIN)) {
        int count = poll(watched, 2, pause);
        if (count < 0 && errno != EINTR) break;
        if (count == 0 && wrote_too_much(options, init, &pause)) {
            kill(init, SIGKILL);
            pause = -1;
        }
        if (watched[1].revents) {
            char word[16];
            ssize_t length = recv(CONTROL, word, sizeof word, MSG_DONTWAIT);
            if (length < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            kill(init, SIGKILL);
            watched[1].fd = -1;
        }
    }
    if (handle < 0) kill(init, SIGKILL);
    while (waitpid(init, &status, 0) < 0 && errno == EINTR) continue;
    if (handle >= 0) close(handle);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
    struct options options;
    int leash[2];
    if (argc > 5 && !strcmp(argv[1], "enter")) return enter_namespace(argv + 2);
    if (argc == 4 && !strcmp(argv[1], "check")) return check_overlay(argv[2], argv[3]);
    settle();
    read_options(&options, argc, argv);
    if (!options.has_disk) close(DISK);
    if (pipe2(leash, O_CLOEXEC) != 0) fail("cannot make", "a pipe");
    if (unshare(CLONE_NEWPID) != 0) fail("cannot make", "a process namespace");
    pid_t init = fork();
    if (init < 0) fail("cannot start", "a process");
    if (init == 0) {
        close(leash[1]);
        run_init(&options, leash[0]);
    }
    close(leash[0]);
    close(CONFIGURATION);
    if (options.has_disk) close(DISK);
    /* The step's output ends when the step does, not when the keeper does. */
    close(1);
    close(2);
    int status = keep(&options, init);
    char text[16];
    snprintf(text, sizeof text, "%d", status);
    if (options.most_bytes > 0 && status != 0) look_at_end(&options);
    report_counters(&options);
    remove_groups(&options);
    send_text("exit", text);
    return 0;
}

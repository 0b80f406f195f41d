#define _GNU_SOURCE
#include "helper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longer texts are cut: a message of a SOCK_SEQPACKET socket arrives whole or not at all. */
enum { LONGEST_MESSAGE = 16384 };

void send_text(const char *kind, const char *text) {
    char message[LONGEST_MESSAGE];
    int length = snprintf(message, sizeof message, "%s %s", kind, text);
    if (length < 0) return;
    if (length >= LONGEST_MESSAGE) length = LONGEST_MESSAGE - 1;
    send(CONTROL, message, (size_t)length, MSG_NOSIGNAL);
}

void send_ready(const int *descriptors, int count) {
    char text[] = "ready";
    char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec part = {text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    if (sendmsg(CONTROL, &message, MSG_NOSIGNAL) < 0) fail("cannot hand over", "descriptors");
}

void fail_with(const char *what, const char *path, int error) {
    char text[8192];
    snprintf(text, sizeof text, "%s %s: %s", what, path ? path : "", strerror(error));
    send_text("failed", text);
    _exit(125);
}

void fail(const char *what, const char *path) { fail_with(what, path, errno); }

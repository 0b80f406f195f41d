#define _GNU_SOURCE
#include "CShims.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr attribute;
    unsigned char address[16];
};

static int ask(int socket, const unsigned char *address, unsigned int length) {
    struct question question = {0};
    question.route.rtm_family = length == 4 ? AF_INET : AF_INET6;
    question.route.rtm_dst_len = (unsigned char)(length * 8);
    question.attribute.rta_type = RTA_DST;
    question.attribute.rta_len = (unsigned short)RTA_LENGTH(length);
    memcpy(question.address, address, length);
    question.header.nlmsg_type = RTM_GETROUTE;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.header.nlmsg_len = (unsigned)(NLMSG_LENGTH(sizeof(struct rtmsg)) + RTA_LENGTH(length));
    return send(socket, &question, question.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

static int answer(int socket) {
    _Alignas(struct nlmsghdr) char bytes[8192];
    ssize_t count = recv(socket, bytes, sizeof bytes, 0);
    if (count < 0) return -errno;
    const struct nlmsghdr *header = (const struct nlmsghdr *)bytes;
    if (count < (ssize_t)NLMSG_LENGTH(sizeof(struct rtmsg))) return -EBADMSG;
    if (header->nlmsg_type == RTM_NEWROUTE) {
        const struct rtmsg *route = NLMSG_DATA(header);
        return route->rtm_type == RTN_LOCAL || route->rtm_type == RTN_BROADCAST || route->rtm_type == RTN_ANYCAST;
    }
    if (header->nlmsg_type != NLMSG_ERROR || count < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) return -EBADMSG;
    int error = ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
    /* Where no route leads, nobody answers. */
    if (error == -ENETUNREACH || error == -EHOSTUNREACH || error == -EACCES || error == -EINVAL) return 0;
    return error < 0 ? error : -EBADMSG;
}

int slipway_is_own_address(const unsigned char *address, unsigned int length) {
    if (length != 4 && length != 16) return -EINVAL;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0) return -errno;
    int result = ask(netlink, address, length);
    if (result == 0) result = answer(netlink);
    close(netlink);
    return result;
}

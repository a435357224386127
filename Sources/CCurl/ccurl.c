#define _GNU_SOURCE
#include "ccurl.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode outcome = CURLE_FAILED_INIT;

static void initialize(void) { outcome = curl_global_init(CURL_GLOBAL_DEFAULT); }

CURLcode ccurl_initialize(void) {
    pthread_once(&once, initialize);
    return outcome;
}

void ccurl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

static curl_socket_t open_private(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)context;
    (void)purpose;
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    int on = 1;
    // Who cannot have these times takes them later, so that a refusal does not matter.
    if (descriptor >= 0) (void)setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    return descriptor;
}

bool ccurl_wait_readable(int descriptor, int64_t nanoseconds) {
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return ppoll(&entry, 1, &time, NULL) > 0;
}

int64_t ccurl_arrival(curl_socket_t socket) {
    char byte;
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT) <= 0) return 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec time;
        memcpy(&time, CMSG_DATA(header), sizeof time);
        return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    }
    return 0;
}

CURLcode ccurl_set_private_sockets(CURL *handle) { return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_private); }

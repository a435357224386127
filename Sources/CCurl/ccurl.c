#define _GNU_SOURCE
#include "ccurl.h"

#include <pthread.h>
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
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode ccurl_set_private_sockets(CURL *handle) { return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_private); }

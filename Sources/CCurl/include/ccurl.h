#ifndef CCURL_H
#define CCURL_H

// libcurl with one function per argument type where libcurl's own are variadic, which Swift cannot call. With it come the calls that wait for its sockets, which Swift's own Linux modules leave out.

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

// Initialises libcurl once for the process; safe from any thread. Returns CURLE_OK or what failed.
CURLcode ccurl_initialize(void);

// What tools show the calling thread as, at most 15 characters.
void ccurl_name_thread(const char *name);

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }

static inline CURLcode ccurl_set_offset(CURL *handle, CURLoption option, int64_t value) {
    return curl_easy_setopt(handle, option, (curl_off_t)value);
}

// Copied by libcurl; NULL sets what is off by default.
static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

// Not copied: the caller keeps it alive as long as the handle.
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) { return curl_easy_setopt(handle, option, value); }

// Copied by libcurl.
static inline CURLcode ccurl_set_bytes(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

// Not copied: the caller frees the list after the handle.
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

typedef size_t (*ccurl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*ccurl_request_callback)(void *context, char *remote_address, char *local_address, int remote_port, int local_port);

static inline CURLcode ccurl_set_bytes_callback(CURL *handle, CURLoption option, ccurl_bytes_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

static inline CURLcode ccurl_set_request_callback(CURL *handle, ccurl_request_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}

// Keeps connections from the processes that this one starts, which older versions of libcurl hand down to them, and asks the system to note
// when packets arrive.
CURLcode ccurl_set_private_sockets(CURL *handle);

// Waits until the descriptor can be read, but only for some time; returns whether it can.
bool ccurl_wait_readable(int descriptor, int64_t nanoseconds);

// When the packet that the next byte to be read is in arrived, in nanoseconds of CLOCK_REALTIME, whose 0 says that nobody knows.
int64_t ccurl_arrival(curl_socket_t socket);

// 0 where libcurl does not know.
static inline int64_t ccurl_get_offset(CURL *handle, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? (int64_t)value : 0;
}

static inline long ccurl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : 0;
}

// What CURLOPT_PRIVATE was set to.
static inline void *ccurl_get_context(CURL *handle) {
    char *value = NULL;
    return curl_easy_getinfo(handle, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

typedef int (*ccurl_socket_callback)(CURL *handle, curl_socket_t socket, int interest, void *context, void *known);
typedef int (*ccurl_timer_callback)(CURLM *multi, long milliseconds, void *context);

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The context is not copied; both callbacks get it.
static inline CURLMcode ccurl_multi_set_callbacks(
    CURLM *multi, ccurl_socket_callback socket_callback, ccurl_timer_callback timer_callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_callback);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_callback);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return code;
}

static inline CURLMcode ccurl_multi_timeout_action(CURLM *multi) {
    int running = 0;
    return curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static inline CURLMcode ccurl_multi_socket_action(CURLM *multi, curl_socket_t socket, int events) {
    int running = 0;
    return curl_multi_socket_action(multi, socket, events, &running);
}

// The next transfer that is complete, with its result; NULL when there is none.
static inline CURL *ccurl_multi_next_complete(CURLM *multi, CURLcode *result) {
    int left = 0;
    struct CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

#endif

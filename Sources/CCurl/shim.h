/* libcurl sets its options through variadic functions, which Swift cannot call: one function per kind of value. */
#include <curl/curl.h>

static inline CURLcode tally_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tally_curl_set_large(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tally_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tally_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tally_curl_set_writer(CURL *easy, CURLoption option,
                                             size_t (*function)(char *, size_t, size_t, void *)) {
  return curl_easy_setopt(easy, option, function);
}

static inline CURLcode tally_curl_set_opener(CURL *easy, curl_socket_t (*function)(void *, curlsocktype,
                                                                                   struct curl_sockaddr *)) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

static inline CURLcode tally_curl_get_long(CURL *easy, CURLINFO info, long *out_value) {
  return curl_easy_getinfo(easy, info, out_value);
}

/* The address a socket is about to be opened for; the struct ends in it. */
static inline const struct sockaddr *tally_curl_address(const struct curl_sockaddr *address) {
  return &address->addr;
}

/* Takes the outcome of one finished transfer, or answers NULL. */
static inline CURL *tally_curl_multi_finished(CURLM *multi, CURLcode *out_code) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &left)) != NULL) {
    if (message->msg != CURLMSG_DONE) continue;
    *out_code = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

static inline CURLMcode tally_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

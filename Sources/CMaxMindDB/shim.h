/* libmaxminddb hands values out in a union with 128-bit numbers, which Swift does not see: one function that finds what
 * the host asks for. */
#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* Texts inside the file's memory, without a zero at their end; NULL for what the file does not know. */
typedef struct {
  const char *country;
  const char *city;
  uint32_t country_len;
  uint32_t city_len;
} tally_place;

static inline void tally_place_text(MMDB_entry_s *entry, const char *const *path, const char **text, uint32_t *len) {
  MMDB_entry_data_s data;
  if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS) return;
  if (!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING) return;
  *text = data.utf8_string;
  *len = data.data_size;
}

/* Finds an address of 16 bytes, an IPv4 one behind ::ffff:0:0/96. Answers MMDB_SUCCESS also when the file does not know
 * it. Any thread. */
static inline int tally_place_find(const MMDB_s *database, const uint8_t *address, tally_place *out_place) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static const char *const country[] = {"country", "iso_code", NULL};
  static const char *const city[] = {"city", "names", "en", NULL};
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  } socket;
  int status = MMDB_SUCCESS;
  memset(&socket, 0, sizeof socket);
  memset(out_place, 0, sizeof *out_place);
  if (memcmp(address, mapped, sizeof mapped) == 0) {
    socket.four.sin_family = AF_INET;
    memcpy(&socket.four.sin_addr, address + sizeof mapped, 4);
  } else {
    if (database->metadata.ip_version == 4) return MMDB_SUCCESS;
    socket.six.sin6_family = AF_INET6;
    memcpy(&socket.six.sin6_addr, address, 16);
  }
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(database, &socket.any, &status);
  if (status != MMDB_SUCCESS || !found.found_entry) return status;
  tally_place_text(&found.entry, country, &out_place->country, &out_place->country_len);
  tally_place_text(&found.entry, city, &out_place->city, &out_place->city_len);
  return MMDB_SUCCESS;
}

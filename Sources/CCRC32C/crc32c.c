#include "CCRC32C.h"

#include <string.h>

enum { SLICES = 8, ENTRIES = 256 };

// Castagnoli's polynomial with its bits reversed.
static const uint32_t polynomial = 0x82F63B78;

static uint32_t tables[SLICES][ENTRIES];

static void fill_tables(void) {
  for (uint32_t byte = 0; byte < ENTRIES; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
    tables[0][byte] = crc;
  }
  for (int slice = 1; slice < SLICES; slice++)
    for (int byte = 0; byte < ENTRIES; byte++) {
      uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
}

static uint32_t load_little_endian(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t tally_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  crc = ~crc;
  for (; length >= 8; length -= 8, at += 8) {
    uint32_t low = crc ^ load_little_endian(at);
    uint32_t high = load_little_endian(at + 4);
    crc = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^
          tables[4][low >> 24] ^ tables[3][high & 0xFF] ^ tables[2][high >> 8 & 0xFF] ^
          tables[1][high >> 16 & 0xFF] ^ tables[0][high >> 24];
  }
  for (; length > 0; length--, at++) crc = (crc >> 8) ^ tables[0][(crc ^ *at) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(
    uint32_t crc, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  uint64_t wide = (uint32_t)~crc;
  for (; length >= 8; length -= 8, at += 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  uint32_t narrow = (uint32_t)wide;
  for (; length > 0; length--, at++) narrow = _mm_crc32_u8(narrow, *at);
  return ~narrow;
}

static int has_instruction(void) {
  unsigned a, b, c = 0, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
}

static uint32_t (*implementation)(uint32_t, const void *, size_t) = tally_crc32c_portable;

static void choose(void) {
  if (has_instruction()) implementation = crc32c_sse42;
}
#else
static uint32_t (*implementation)(uint32_t, const void *, size_t) = tally_crc32c_portable;

static void choose(void) {}
#endif

// Before main, so that no call has to ask whether this was done.
__attribute__((constructor)) static void prepare(void) {
  fill_tables();
  choose();
}

uint32_t tally_crc32c(uint32_t crc, const void *bytes, size_t length) {
  return implementation(crc, bytes, length);
}

int tally_crc32c_is_hardware(void) { return implementation != tally_crc32c_portable; }

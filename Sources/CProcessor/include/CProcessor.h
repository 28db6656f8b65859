/* CProcessor.h - what processors do in one step and Swift has no word for. */
#ifndef CPROCESSOR_H
#define CPROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Fetches the cache line at an address, which need not be readable. */
static inline void tally_prefetch(const void *address) { __builtin_prefetch(address); }

/* Which of 64 bytes are one of the two; the first byte is the lowest bit. */
static inline uint64_t tally_match64(const void *bytes, uint8_t one, uint8_t other) {
  uint64_t matches = 0;
#ifdef __SSE2__
  const __m128i first = _mm_set1_epi8((char)one), second = _mm_set1_epi8((char)other);
  for (int part = 0; part < 4; part++) {
    __m128i text = _mm_loadu_si128((const __m128i *)bytes + part);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(text, first), _mm_cmpeq_epi8(text, second));
    matches |= (uint64_t)(uint32_t)_mm_movemask_epi8(found) << (16 * part);
  }
#else
  const uint8_t *text = bytes;
  for (int place = 0; place < 64; place++)
    matches |= (uint64_t)(text[place] == one || text[place] == other) << place;
#endif
  return matches;
}

/* Which of 64 bytes have their highest bit set. */
static inline uint64_t tally_high64(const void *bytes) {
  uint64_t high = 0;
#ifdef __SSE2__
  for (int part = 0; part < 4; part++)
    high |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)bytes + part))
            << (16 * part);
#else
  const uint8_t *text = bytes;
  for (int place = 0; place < 64; place++) high |= (uint64_t)(text[place] >> 7) << place;
#endif
  return high;
}

/* Whether the processor can do tally_unescape_wide: it has AVX-512 with VBMI2. */
bool tally_has_wide_unescape(void);

typedef struct {
  size_t count;  /* bytes written that count */
  uint64_t high; /* not 0 when one of them is not ASCII */
} tally_unescaped;

/* Resolves the escapes of form text, 64 bytes at a time. `output` has room for 64 bytes more than
   the text has. */
tally_unescaped tally_unescape_wide(const void *text, size_t count, void *output);

#endif

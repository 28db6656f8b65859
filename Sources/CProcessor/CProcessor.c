#include "CProcessor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt")))

bool tally_has_wide_unescape(void) {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
}

/* Values of 64 hexadecimal digits; bytes that are none are left out of `digits` and count as 0. */
WIDE static inline __m512i nibbles(__m512i text, __mmask64 *digits) {
  __m512i number = _mm512_sub_epi8(text, _mm512_set1_epi8('0'));
  __m512i letter = _mm512_sub_epi8(_mm512_or_si512(text, _mm512_set1_epi8(0x20)),
                                   _mm512_set1_epi8('a'));
  __mmask64 is_number = _mm512_cmplt_epu8_mask(number, _mm512_set1_epi8(10));
  __mmask64 is_letter = _mm512_cmplt_epu8_mask(letter, _mm512_set1_epi8(6));
  *digits = is_number | is_letter;
  number = _mm512_maskz_mov_epi8(is_number, number);
  return _mm512_mask_add_epi8(number, is_letter, letter, _mm512_set1_epi8(10));
}

/* Every place of a block is decoded as if an escape began there; the masks say where one does, and
   the two digits behind it are squeezed out. Loads beyond the text are masked away. */
WIDE tally_unescaped tally_unescape_wide(const void *text, size_t count, void *output) {
  tally_unescaped done = {0, 0};
  __mmask64 carried = 0, high = 0;
  for (size_t place = 0; place < count; place += 64) {
    size_t rest = count - place;
    __mmask64 here = rest < 64 ? (1ull << rest) - 1 : ~0ull;
    __mmask64 next = rest < 65 ? (1ull << (rest - 1)) - 1 : ~0ull;
    __mmask64 after = rest < 66 ? next >> 1 : ~0ull;
    const uint8_t *block = (const uint8_t *)text + place;
    __mmask64 firsts, seconds;
    __m512i bytes = _mm512_maskz_loadu_epi8(here, block);
    __m512i upper = nibbles(_mm512_maskz_loadu_epi8(next, block + 1), &firsts);
    __m512i lower = nibbles(_mm512_maskz_loadu_epi8(after, block + 2), &seconds);
    __mmask64 escapes = _mm512_mask_cmpeq_epi8_mask(firsts & seconds, bytes, _mm512_set1_epi8('%'));
    __mmask64 spaces = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('+'));
    __m512i resolved = _mm512_or_si512(_mm512_slli_epi16(upper, 4), lower);
    bytes = _mm512_mask_mov_epi8(bytes, escapes, resolved);
    bytes = _mm512_mask_mov_epi8(bytes, spaces, _mm512_set1_epi8(' '));
    __mmask64 kept = here & ~(escapes << 1 | escapes << 2 | carried);
    carried = escapes >> 63 | escapes >> 62;
    high |= _mm512_movepi8_mask(bytes) & kept;
    _mm512_storeu_si512((uint8_t *)output + done.count, _mm512_maskz_compress_epi8(kept, bytes));
    done.count += (size_t)__builtin_popcountll(kept);
  }
  done.high = high;
  return done;
}

#else

bool tally_has_wide_unescape(void) { return false; }

tally_unescaped tally_unescape_wide(const void *text, size_t count, void *output) {
  (void)text, (void)count, (void)output;
  __builtin_trap();
}
#endif

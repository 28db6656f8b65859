#ifndef TALLY_CRC32C_H
#define TALLY_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// CRC-32C (Castagnoli, RFC 3720) of `length` bytes, going on from `crc`; begin with 0.
// `tally_crc32c(tally_crc32c(0, a), b)` is the checksum of a followed by b. Any thread.
// Uses the SSE 4.2 instruction where the machine has it.
uint32_t tally_crc32c(uint32_t crc, const void *bytes, size_t length);

// The same number without special instructions: eight tables, eight bytes a step.
uint32_t tally_crc32c_portable(uint32_t crc, const void *bytes, size_t length);

// Non-zero when `tally_crc32c` uses the machine's instruction.
int tally_crc32c_is_hardware(void);

#ifdef __cplusplus
}
#endif
#endif

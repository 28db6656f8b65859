/* CPrefetch.h - asks the processor to fetch memory that will be read soon; Swift has no word for it. */
#ifndef CPREFETCH_H
#define CPREFETCH_H

/* Fetches the cache line at an address, which need not be readable. */
static inline void tally_prefetch(const void *address) { __builtin_prefetch(address); }

#endif

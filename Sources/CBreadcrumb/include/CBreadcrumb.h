/* The pages that outlive a crash: which consumer each thread called with which items when a signal ended the process.
 * In C because a signal handler may touch nothing but plain memory. */
#ifndef CBREADCRUMB_H
#define CBREADCRUMB_H

#include <stdint.h>

#define TALLY_BREADCRUMB_WHOLE_BATCH UINT32_MAX

/* One thread's, in a file that is mapped. `calling` is 1 while a hook runs; `signal` is written by the handler alone, so
 * that kill -9 and power loss leave it 0. Others look at `calling` and `calls`, and write `stuck`. */
typedef struct tally_breadcrumb {
  uint32_t magic;
  uint32_t calling;
  uint32_t signal;
  uint32_t item;
  uint64_t first_position;
  uint64_t last_position;
  uint64_t request; /* what an intake hook looked at: its hash, for it has no position yet. Of a call about no record of
                       its own the number of the code that is called. Else 0 */
  uint64_t calls;       /* calls that began here so far: tells one from the next */
  uint64_t stuck;       /* the call that was found not to return; 0 none */
  uint32_t kind;        /* what is called */
  uint32_t patience_ms; /* what the call may take by its own contract */
  char consumer[128];
} tally_breadcrumb;

/* A call begins, of which everything else is said already. */
static inline void tally_breadcrumb_begin(tally_breadcrumb *crumb) {
  __atomic_store_n(&crumb->calls, crumb->calls + 1, __ATOMIC_RELAXED);
  __atomic_store_n(&crumb->calling, 1, __ATOMIC_RELEASE);
}

static inline void tally_breadcrumb_end(tally_breadcrumb *crumb) {
  __atomic_store_n(&crumb->calling, 0, __ATOMIC_RELEASE);
}

/* The number of the call that runs, 0 when none does; any thread. */
static inline uint64_t tally_breadcrumb_running(const tally_breadcrumb *crumb) {
  return __atomic_load_n(&crumb->calling, __ATOMIC_ACQUIRE) ? __atomic_load_n(&crumb->calls, __ATOMIC_RELAXED) : 0;
}

/* Says that this call does not return; any thread. Of one that returned in the meantime it says nothing. */
static inline void tally_breadcrumb_note_stuck(tally_breadcrumb *crumb, uint64_t call) {
  __atomic_store_n(&crumb->stuck, call, __ATOMIC_RELAXED);
}

/* Installs handlers for SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE and SIGABRT that note the signal when the faulting
 * thread was inside a call, and then die of it as if they were not there. Once per process. */
void tally_breadcrumb_install(void);

/* As above, where other code may handle some of them already, as runtimes of languages do: those stay as they are. */
void tally_breadcrumb_install_beside(void);

/* Stands for a signal where a thread called exit() inside a call. */
#define TALLY_BREADCRUMB_EXIT 256u

/* Stands for a signal where a call did not return until the process was ended. */
#define TALLY_BREADCRUMB_STUCK 257u

/* Has exit() noted as well; 0 on success. */
int tally_breadcrumb_note_exits(void);

/* Gives the calling thread a signal stack of its own, so that a stack overflow is noted too; and has its faults blamed
 * on the consumer in `mine`. 0 on success. */
int tally_breadcrumb_enter_thread(tally_breadcrumb *mine);

/* The same for one call: blames the calling thread's faults on the consumer in `mine` and returns whom they were blamed
 * on before, to be handed back behind it. */
tally_breadcrumb *tally_breadcrumb_use(tally_breadcrumb *mine);

/* What of a plugin the calling thread runs: 0 nothing, or it is the plugin's own. */
#define TALLY_THREAD_OTHER 0u
#define TALLY_THREAD_CONTROL 1u
#define TALLY_THREAD_HOOK 2u
#define TALLY_THREAD_REQUEST 3u
#define TALLY_THREAD_JOB 4u

uint32_t tally_thread_kind(void);

/* Says what it runs from here on; returns what it was. */
uint32_t tally_thread_become(uint32_t kind);

#endif

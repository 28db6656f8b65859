/* The pages that outlive a crash: which consumer each thread called with which items when a signal ended the process.
 * In C because a signal handler may touch nothing but plain memory. */
#ifndef CBREADCRUMB_H
#define CBREADCRUMB_H

#include <stdint.h>

#define TALLY_BREADCRUMB_WHOLE_BATCH UINT32_MAX

/* One thread's, in a file that is mapped. `calling` is 1 while a hook runs; `signal` is written by the handler alone, so
 * that kill -9 and power loss, which blame nobody, leave it 0. */
typedef struct tally_breadcrumb {
  uint32_t magic;
  uint32_t calling;
  uint32_t signal;
  uint32_t item;
  uint64_t first_position;
  uint64_t last_position;
  uint64_t request; /* what an intake hook looked at: its hash, for it has no position yet. Of a call about no record of
                       its own the number of the code that is called. Else 0 */
  char consumer[128];
} tally_breadcrumb;

/* Installs handlers for SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE and SIGABRT that note the signal when the faulting
 * thread was inside a call, and then die of it as if they were not there. Once per process. */
void tally_breadcrumb_install(void);

/* As above, where other code may handle some of them already, as runtimes of languages do: those stay as they are. */
void tally_breadcrumb_install_beside(void);

/* Stands for a signal where a thread called exit() inside a call. */
#define TALLY_BREADCRUMB_EXIT 256u

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

/* What the isolated lane needs from the kernel and Swift cannot say: calls that are variadic, newer than Swift's view of
 * the C library, or made inside a signal handler. Descriptors are close-on-exec; failures are -1 or NULL with errno. */
#ifndef CISOLATION_H
#define CISOLATION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- The host's side -------------------------------------------------------------------------------------------- */

/* Makes memory that another process can map and maps it for reading and writing. Its size can never change. With
 * `others_read` nobody can map it for writing any more, this process's mapping excepted. Pages cost nothing until they
 * are touched. */
void *tally_memory_make(const char *name, size_t bytes, int others_read, int *out_descriptor);

/* A counter that one side adds to and the other waits for. */
int tally_bell_make(void);

/* Both ends of a pipe; the reading end does not block. */
int tally_pipe_make(int *out_reading, int *out_writing);

/* Both ends of a channel that keeps messages apart; neither end blocks. */
int tally_packets_make(int *out_reading, int *out_writing);

/* Starts a program in a process group of its own, with default signal handling, the given descriptors as 0 to
 * count - 1, and no others. Its parent-death signal, which it asks for itself, is bound to the calling THREAD. The
 * process id, or -1. */
pid_t tally_runner_spawn(const char *path, char *const arguments[], char *const environment[], const int *descriptors,
                         int count);

/* A descriptor that becomes readable when the process ends. */
int tally_process_open(pid_t process);

void tally_process_kill(int process_descriptor);

/* Processors, each a bit. */
typedef struct tally_processors {
  uint64_t bits[16];
} tally_processors;

/* Where the calling thread may run; 0 on success. */
int tally_processors_get(tally_processors *out);

/* Has a thread run there and nowhere else; 0 on success. */
int tally_processors_set(pid_t thread, const tally_processors *processors);

/* Waits for the end of the process. `out_signal` is 0 when it ended by itself with `out_status`. */
int tally_process_reap(int process_descriptor, int *out_signal, int *out_status);

/* ---- The runner's side ------------------------------------------------------------------------------------------ */

typedef struct tally_jail {
  uint64_t address_space_bytes; /* on top of what is mapped already */
  uint64_t processes;           /* threads count; 0: not limited */
  uint64_t files;
  uint32_t uid; /* taken when the process may choose; 0: kept */
  int32_t parent;
  int32_t nice;
} tally_jail;

/* Gives up what a runner does not need: dies with its parent, yields the processor, may not gain privileges, has its
 * limits and its own user. NULL, or the name of the step that failed. */
const char *tally_jail_enter(const tally_jail *jail);

/* Maps memory that was handed over. */
void *tally_memory_map(int descriptor, size_t bytes, int writable);

/* ---- Both sides ------------------------------------------------------------------------------------------------- */

/* The processor that the calling thread is on. */
int32_t tally_processor(void);

/* The kernel's number of the calling thread. */
int32_t tally_thread_number(void);

/* A descriptor of a private copy of the file's bytes, which every user may open; -1 on failure. */
int tally_file_copy(int descriptor);

/* From here on a system call that the filter traps fails with EPERM and is counted, in every thread. */
int tally_refusals_watch(void);

/* How many calls were refused so far, and the number of the first. */
uint32_t tally_refusals_count(void);
int32_t tally_refusals_first(void);

#endif

#define _GNU_SOURCE
#include "CIsolation.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors are handed over from above the places they take, so that none overwrites another on its way. */
enum { DESCRIPTOR_FLOOR = 64 };

static int raised(int descriptor) {
  int high = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, DESCRIPTOR_FLOOR);
  int failure = errno;
  if (descriptor >= 0) close(descriptor);
  errno = failure;
  return high;
}

void *tally_memory_make(const char *name, size_t bytes, int others_read, int *out_descriptor) {
  int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | (others_read ? F_SEAL_FUTURE_WRITE : 0);
  int descriptor = raised(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  void *mapped = MAP_FAILED;
  if (descriptor < 0) return NULL;
  if (ftruncate(descriptor, (off_t)bytes) == 0)
    mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
  if (mapped != MAP_FAILED && fcntl(descriptor, F_ADD_SEALS, seals) == 0) {
    *out_descriptor = descriptor;
    return mapped;
  }
  if (mapped != MAP_FAILED) munmap(mapped, bytes);
  close(descriptor);
  return NULL;
}

int tally_bell_make(void) { return raised(eventfd(0, EFD_CLOEXEC)); }

static int pair(int ends[2], int *out_reading, int *out_writing) {
  *out_reading = raised(ends[0]);
  *out_writing = raised(ends[1]);
  return *out_reading < 0 || *out_writing < 0 ? -1 : 0;
}

int tally_pipe_make(int *out_reading, int *out_writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0 || pair(ends, out_reading, out_writing) != 0) return -1;
  return fcntl(*out_reading, F_SETFL, O_NONBLOCK);
}

int tally_packets_make(int *out_reading, int *out_writing) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return -1;
  return pair(ends, out_reading, out_writing);
}

pid_t tally_runner_spawn(const char *path, char *const arguments[], char *const environment[], const int *descriptors,
                         int count) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t all, none;
  pid_t process = -1;
  int place, failure;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (place = 0; place < count; place++) posix_spawn_file_actions_adddup2(&actions, descriptors[place], place);
  posix_spawn_file_actions_addclosefrom_np(&actions, count);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  failure = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failure == 0) return process;
  errno = failure;
  return -1;
}

int tally_process_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

void tally_process_kill(int process_descriptor) {
  syscall(SYS_pidfd_send_signal, process_descriptor, SIGKILL, NULL, 0);
}

int tally_processors_get(tally_processors *out) { return sched_getaffinity(0, sizeof *out, (cpu_set_t *)out); }

int tally_processors_set(pid_t thread, const tally_processors *processors) {
  return sched_setaffinity(thread, sizeof *processors, (const cpu_set_t *)processors);
}

int tally_process_reap(int process_descriptor, int *out_signal, int *out_status) {
  siginfo_t end;
  memset(&end, 0, sizeof end);
  while (waitid(P_PIDFD, (id_t)process_descriptor, &end, WEXITED) != 0)
    if (errno != EINTR) return -1;
  *out_signal = end.si_code == CLD_EXITED ? 0 : end.si_status;
  *out_status = end.si_code == CLD_EXITED ? end.si_status : 0;
  return 0;
}

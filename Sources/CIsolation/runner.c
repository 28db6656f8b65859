#define _GNU_SOURCE
#include "CIsolation.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

int32_t tally_processor(void) { return sched_getcpu(); }

int32_t tally_thread_number(void) { return (int32_t)gettid(); }

static uint64_t mapped_bytes(void) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL) return 0;
  if (fscanf(file, "%llu", &pages) != 1) pages = 0;
  fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int limit(int resource, uint64_t most) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return -1;
  if (now.rlim_max < most) most = now.rlim_max;
  now.rlim_cur = now.rlim_max = (rlim_t)most;
  return setrlimit(resource, &now);
}

const char *tally_jail_enter(const tally_jail *jail) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return "parent-death signal";
  if (getppid() != jail->parent) return "parent, which is gone";
  errno = 0;
  if (setpriority(PRIO_PROCESS, 0, jail->nice) != 0) return "nice";
  if (limit(RLIMIT_CORE, 0) != 0) return "limit of core files";
  if (limit(RLIMIT_NOFILE, jail->files) != 0) return "limit of files";
  if (jail->processes != 0 && limit(RLIMIT_NPROC, jail->processes) != 0) return "limit of processes";
  if (limit(RLIMIT_AS, mapped_bytes() + jail->address_space_bytes) != 0) return "limit of memory";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no new privileges";
  if (jail->uid != 0 && geteuid() == 0) {
    if (setgroups(0, NULL) != 0) return "groups";
    if (setresgid(jail->uid, jail->uid, jail->uid) != 0) return "group";
    if (setresuid(jail->uid, jail->uid, jail->uid) != 0) return "user";
    /* Changing the user has taken it back. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return "parent-death signal";
    if (getppid() != jail->parent) return "parent, which is gone";
  }
  if (chdir("/") != 0) return "working folder";
  /* A line that the plugin prints is seen when it is printed. */
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  return NULL;
}

void *tally_memory_map(int descriptor, size_t bytes, int writable) {
  void *mapped = mmap(NULL, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, descriptor, 0);
  close(descriptor);
  return mapped == MAP_FAILED ? NULL : mapped;
}

int tally_file_copy(int descriptor) {
  char chunk[1 << 16];
  ssize_t count;
  int copy = memfd_create("plugin", MFD_CLOEXEC);
  if (copy < 0) return -1;
  lseek(descriptor, 0, SEEK_SET);
  while ((count = read(descriptor, chunk, sizeof chunk)) > 0)
    if (write(copy, chunk, (size_t)count) != count) count = -1;
  if (count == 0 && fchmod(copy, 0555) == 0) return copy;
  close(copy);
  return -1;
}

static _Atomic uint32_t refused;
static _Atomic int32_t first_refused = -1;

static void refuse(int signal_number, siginfo_t *info, void *context) {
  ucontext_t *state = context;
  int32_t none = -1;
  (void)signal_number;
  if (info->si_code != SYS_SECCOMP) _exit(128 + SIGSYS);
  atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
  atomic_compare_exchange_strong(&first_refused, &none, info->si_syscall);
#if defined(__x86_64__)
  state->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  state->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#else
#error "name the register that carries a system call's result"
#endif
}

int tally_refusals_watch(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = refuse;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGSYS, &action, NULL);
}

uint32_t tally_refusals_count(void) { return atomic_load_explicit(&refused, memory_order_relaxed); }

int32_t tally_refusals_first(void) { return atomic_load_explicit(&first_refused, memory_order_relaxed); }

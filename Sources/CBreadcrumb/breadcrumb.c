#define _GNU_SOURCE
#include "CBreadcrumb.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local tally_breadcrumb *crumb;

enum { SIGNAL_STACK_BYTES = 64 * 1024 };

static void note(int signal_number) {
  if (crumb != NULL && crumb->calling) crumb->signal = (uint32_t)signal_number;
  /* The handler was reset on entry and the signal is blocked in here: raised again, it ends the process with its own
   * status and core as soon as this returns. */
  raise(signal_number);
}

static void install(int beside_others) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT};
  struct sigaction action, found;
  unsigned i;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  for (i = 0; i < sizeof signals / sizeof *signals; i++) {
    int is_taken = sigaction(signals[i], NULL, &found) == 0 && found.sa_handler != SIG_DFL;
    if (!beside_others || !is_taken) sigaction(signals[i], &action, NULL);
  }
}

void tally_breadcrumb_install(void) { install(0); }

void tally_breadcrumb_install_beside(void) { install(1); }

static void note_exit(void) {
  if (crumb != NULL && crumb->calling) crumb->signal = TALLY_BREADCRUMB_EXIT;
}

static pthread_once_t exits_once = PTHREAD_ONCE_INIT;
static int exits_status;

static void watch_exits(void) { exits_status = atexit(note_exit); }

int tally_breadcrumb_note_exits(void) {
  pthread_once(&exits_once, watch_exits);
  return exits_status;
}

static pthread_key_t stack_key;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;
static _Thread_local int has_stack;

static void drop_stack(void *memory) {
  stack_t none;
  memset(&none, 0, sizeof none);
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, NULL);
  free(memory);
}

static void make_key(void) { pthread_key_create(&stack_key, drop_stack); }

/* The calling thread's, once; given back when it ends. */
static int make_stack(void) {
  stack_t stack;
  if (has_stack) return 0;
  pthread_once(&stack_once, make_key);
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = malloc(SIGNAL_STACK_BYTES);
  stack.ss_size = SIGNAL_STACK_BYTES;
  if (stack.ss_sp == NULL || pthread_setspecific(stack_key, stack.ss_sp) != 0) return -1;
  has_stack = 1;
  return sigaltstack(&stack, NULL);
}

int tally_breadcrumb_enter_thread(tally_breadcrumb *mine) {
  crumb = mine;
  return make_stack();
}

tally_breadcrumb *tally_breadcrumb_use(tally_breadcrumb *mine) {
  tally_breadcrumb *before = crumb;
  crumb = mine;
  make_stack();
  return before;
}

static _Thread_local uint32_t thread_kind;

uint32_t tally_thread_kind(void) { return thread_kind; }

uint32_t tally_thread_become(uint32_t kind) {
  uint32_t before = thread_kind;
  thread_kind = kind;
  return before;
}

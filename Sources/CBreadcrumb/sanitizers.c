/* Builds under a sanitizer: the signals that end a process stay this program's, which notes them and dies of them, and so
 * do the signal stacks. Leaks are not looked for: what a plugin was handed is kept for calls that come too late, and a
 * runner may not look at itself. */
#if defined(__has_feature)
#define OPTIONS                                                                                            \
  "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:handle_abort=0:"         \
  "use_sigaltstack=0"
#if __has_feature(thread_sanitizer)
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return OPTIONS; }
#elif __has_feature(address_sanitizer)
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return OPTIONS ":detect_leaks=0"; }
#endif
#endif

typedef int tally_nothing_else; /* a file of C is never empty */

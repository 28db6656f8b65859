/* Takes for ever, or its process's life, where the file PATH-of-the-library.where says: create, start or drain. */
#define _GNU_SOURCE
#include "fixture.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char where[64];

static void reach(const char *step) {
  if (strncmp(where, "hang-", 5) == 0 && strcmp(where + 5, step) == 0)
    for (;;) usleep(1000);
  if (strncmp(where, "kill-", 5) == 0 && strcmp(where + 5, step) == 0) raise(SIGSEGV);
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  char path[4096];
  Dl_info self;
  FILE *file;
  if (dladdr((void *)&where, &self) != 0) {
    snprintf(path, sizeof path, "%s.where", self.dli_fname);
    file = fopen(path, "r");
    if (file != NULL && fgets(where, sizeof where, file) == NULL) where[0] = 0;
    if (file != NULL) fclose(file);
  }
  reach("create");
  return fixture_create(host, out_instance, error);
}

static tally_status start(void *instance, const tally_error *error) {
  (void)instance, (void)error;
  reach("start");
  return TALLY_OK;
}

static void drain(void *instance) {
  (void)instance;
  reach("drain");
}

FIXTURE(hangs, "hangs", plugin.create = create; plugin.start = start; plugin.drain = drain)

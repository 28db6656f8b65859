/* Says everything it knows: its settings in the log, its secret in the reason for which it does not start. */
#include "fixture.h"

#include <stdio.h>

static const tally_host *talkative_host;

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  talkative_host = host;
  return fixture_create(host, out_instance, error);
}

static void say(uint32_t app) {
  static const tally_str token = TEXT("token"), limit = TEXT("limit_max"), level = TEXT("level");
  tally_setting_value secret, number, choice;
  char line[256];
  tally_str text = {line, 0};
  if (talkative_host->app_setting(talkative_host->ctx, app, token, &secret) != TALLY_OK) return;
  if (talkative_host->app_setting(talkative_host->ctx, app, limit, &number) != TALLY_OK) return;
  if (talkative_host->setting(talkative_host->ctx, level, &choice) != TALLY_OK) return;
  text.len = (uint64_t)snprintf(line, sizeof(line), "app %u: token %.*s limit %lld level %.*s", app, (int)secret.text.len,
                                secret.text.ptr, (long long)number.integer, (int)choice.text.len, choice.text.ptr);
  talkative_host->log(talkative_host->ctx, TALLY_LOG_INFO, text);
}

static tally_status start(void *instance, const tally_error *error) {
  static const tally_str token = TEXT("token"), limit = TEXT("limit_max");
  tally_setting_value secret, number;
  (void)instance;
  say(1);
  say(2);
  if (talkative_host->setting(talkative_host->ctx, limit, &number) != TALLY_OK || number.integer != 7) return TALLY_OK;
  if (talkative_host->setting(talkative_host->ctx, token, &secret) == TALLY_OK) {
    char line[256];
    snprintf(line, sizeof(line), "nobody answers to %.*s", (int)secret.text.len, secret.text.ptr);
    fixture_say(error, line);
  }
  return TALLY_FAILED;
}

static const tally_str levels[] = {TEXT("low"), TEXT("high")};
static const tally_setting settings[] = {
    {sizeof(tally_setting), TALLY_SETTING_INT, TEXT("limit_max"), TEXT("How many."), TEXT("5"), 1, 10, TEXT("items"), NULL,
     0, TALLY_SETTING_PER_APP},
    {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("token"), TEXT("The word."), TEXT(""), 0, 0, TEXT(""), NULL, 0,
     TALLY_SETTING_SECRET | TALLY_SETTING_RESTART},
    {sizeof(tally_setting), TALLY_SETTING_STRING, TEXT("level"), TEXT("How loud."), TEXT("low"), 0, 0, TEXT(""), levels, 2,
     0},
};

FIXTURE(talkative, "talkative",
        descriptor.summary = fixture_text("Says its settings, in tests.");
        descriptor.settings = settings; descriptor.n_settings = 3; plugin.create = create; plugin.start = start)

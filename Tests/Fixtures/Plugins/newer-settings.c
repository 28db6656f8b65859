/* Declares its settings as a later header might: longer structs whose new member is zero. SECOND names the second. */
#include "fixture.h"

#ifndef SECOND
#define SECOND "second"
#endif

typedef struct newer_setting {
  tally_setting known;
  uint64_t later;
} newer_setting;

static const newer_setting settings[] = {
    {{sizeof(newer_setting), TALLY_SETTING_INT, TEXT("first_max"), TEXT("One."), TEXT("1"), 0, 10, {NULL, 0}, NULL, 0, 0},
     0},
    {{sizeof(newer_setting), TALLY_SETTING_BOOL, TEXT(SECOND), TEXT("Two."), TEXT("true"), 0, 0, {NULL, 0}, NULL, 0, 0},
     0},
};

FIXTURE(newer_settings, "newer-settings",
        descriptor.settings = (const tally_setting *)(const void *)settings; descriptor.n_settings = 2)

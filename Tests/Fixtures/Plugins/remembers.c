/* Counts what only its memory and the size of the batch say: same requests, other effects. */
#include "fixture.h"

static int64_t seen;
static uint32_t metric;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  const int64_t add = batch->end_item - batch->first_item + seen++;
  uint32_t i;
  (void)instance, (void)facts, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    tally_series series = {.struct_size = sizeof(series), .metric = metric};
    effects->count(effects->ctx, i, &series, tally_batch_item(batch, i)->hour, &add, 1);
  }
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  static const tally_measure measures[] = {{TEXT("t"), TALLY_MEASURE_SUM, TALLY_GRAIN_DAY, 0, 0}};
  static const tally_metric wanted = {sizeof(wanted), 1, TEXT("seen"), measures, NULL, 0, 0, 0, 0,
                                      {NULL, 0}, {NULL, 0}, {NULL, 0}};
  tally_status status = registrar->metric(registrar->ctx, &wanted, &metric);
  (void)instance, (void)error;
  seen = 0;
  return status == TALLY_OK ? fixture_enroll_hook(registrar, process) : status;
}

FIXTURE(remembers, "remembers", plugin.enroll = enroll)

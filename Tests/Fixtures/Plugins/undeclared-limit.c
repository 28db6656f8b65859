/* Has a setting limit its metric that it does not declare. */
#include "fixture.h"

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  tally_measure measure;
  memset(&measure, 0, sizeof measure);
  measure.name = fixture_text("t");
  tally_metric metric;
  memset(&metric, 0, sizeof metric);
  metric.struct_size = sizeof metric;
  metric.name = fixture_text("things");
  metric.n_measures = 1;
  metric.measures = &measure;
  metric.subject_limit = 5;
  metric.subject_limit_setting = fixture_text("things_max");
  uint32_t number = 0;
  return registrar->metric(registrar->ctx, &metric, &number);
}

FIXTURE(undeclared_limit, "undeclared-limit", plugin.enroll = enroll)

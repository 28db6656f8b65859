/* Keeps the parameter `label` of each user as a cell and finds the user by it. Of two users who are one it keeps both
 * labels, joined by a plus; with FIXTURE_MERGE_TRAPS it dies of the label "poison". */
#include "fixture.h"

#include <stdlib.h>

static uint32_t label_key;

static tally_status process(void *instance, const tally_batch *batch, const tally_facts *facts,
                            const tally_effects *effects, const tally_error *error) {
  uint32_t i;
  (void)instance, (void)facts, (void)error;
  for (i = batch->first_item; i < batch->end_item; i++) {
    const tally_node *root = tally_batch_node(batch, tally_batch_item(batch, i)->root);
    tally_property property = {TEXT("name"), {NULL, 0}};
    tally_bytes cell = {NULL, 0};
    property.value = tally_text(batch, tally_member(batch, root, label_key));
    if (property.value.len == 0) continue;
    cell.ptr = property.value.ptr;
    cell.len = property.value.len;
    effects->cell_put(effects->ctx, i, cell);
    effects->find_by(effects->ctx, i, &property, 1);
  }
  return TALLY_OK;
}

static tally_status merge(void *instance, const tally_merge *merge, const tally_error *error) {
  char joined[256];
  tally_property property = {TEXT("name"), {NULL, 0}};
  tally_bytes cell;
  size_t length = merge->into.len + 1 + merge->from.len;
  (void)instance;
#ifdef FIXTURE_MERGE_TRAPS
  if (merge->from.len == 6 && memcmp(merge->from.ptr, "poison", 6) == 0) abort();
#endif
  if (length > sizeof(joined)) {
    fixture_say(error, "the labels are too long");
    return TALLY_FAILED;
  }
  memcpy(joined, merge->into.ptr, merge->into.len);
  joined[merge->into.len] = '+';
  memcpy(joined + merge->into.len + 1, merge->from.ptr, merge->from.len);
  cell.ptr = joined;
  cell.len = length;
  merge->put(merge->ctx, cell);
  property.value.ptr = joined;
#ifdef FIXTURE_EMPTY_NAME
  property.value.len = 0;
#else
  property.value.len = length;
#endif
  merge->find_by(merge->ctx, &property, 1);
  return TALLY_OK;
}

static tally_status create(const tally_host *host, void **out_instance, const tally_error *error) {
  label_key = host->intern(host->ctx, fixture_text("label"));
  return fixture_create(host, out_instance, error);
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  (void)instance, (void)error;
  return fixture_enroll_hook(registrar, process);
}

FIXTURE(joins, "joins", plugin.create = create; plugin.enroll = enroll; plugin.merge = merge)

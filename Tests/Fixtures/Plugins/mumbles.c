/* Answers half a JSON text. */
#include "hostile.h"

static tally_status answer(void *instance, const tally_request *request, const tally_reply *reply,
                           const tally_error *error) {
  tally_str half = TEXT("{\"half\":");
  (void)instance;
  (void)request;
  (void)error;
  reply->write(reply->ctx, half);
  return TALLY_OK;
}

static tally_status enroll(void *instance, const tally_registrar *registrar, const tally_error *error) {
  tally_route route = {.struct_size = sizeof(route), .path = TEXT("/o"), .method = TEXT("mumbles"), .answer = answer};
  uint32_t number;
  (void)instance;
  (void)error;
  return registrar->route(registrar->ctx, &route, &number);
}

TALLY_EXPORT const tally_plugin *tally_plugin_mumbles(void);

TALLY_EXPORT const tally_plugin *tally_plugin_mumbles(void) {
  static const tally_descriptor descriptor = HOSTILE_DESCRIPTOR("mumbles");
  static const tally_plugin plugin = {.struct_size = sizeof(plugin),
                                      .abi_major = TALLY_ABI_MAJOR,
                                      .abi_minor = TALLY_ABI_MINOR,
                                      .descriptor = &descriptor,
                                      .create = hostile_create,
                                      .enroll = enroll,
                                      .destroy = hostile_destroy};
  return &plugin;
}

/* tally_plugin.h - the contract between Tally and a plugin. Version 1.0.
 *
 * This file is the whole contract. A plugin is a shared object that includes it, exports ONE function, and is
 * written in anything that speaks C. C99 and C++17, 64-bit little-endian, <stdint.h> and <stddef.h> only.
 *
 *   THE SHORT STORY
 *   1. The host opens lib<name>.so and calls tally_plugin_<name>() ("-" in the name becomes "_").
 *      It returns a constant tally_plugin: who you are, and your lifecycle functions.
 *   2. create() makes an instance, enroll() registers metrics, hooks and routes, start() begins. What enroll()
 *      registered is published in one step when start() has succeeded, or not at all.
 *   3. Accepted requests arrive at your hooks in batches, in one order, never twice. What you ask for through
 *      tally_effects is staged and committed together with the position of the batch: all of it or nothing.
 *   4. Questions arrive at your routes; you answer from a snapshot through tally_reply.
 *   5. drain(), stop(), destroy(). The library itself is never unloaded.
 *
 *   THE WAY OF A REQUEST, and where it meets your hooks
 *
 *      SDK -> intake -> journal, synced -> 200 -> transform -> process -> commit -> committed
 *             refuse,                             drop, edit,  facts,                tell the
 *             annotate                            add          effects               world
 *
 *   A fifth kind, lifecycle, is told what happens to apps, users, settings and days. Order among the hooks of one
 *   kind: by phase, then before/after, then name; the operator may overrule it; `tally plugin order` prints it.
 *
 *   FOUR RULES
 *   - Everything that counts leaves a process hook as an effect of the same call. Instance memory is a cache: the
 *     host may replay a batch whose commit failed, and will replay after a crash.
 *   - transform, process, reduce and merge are pure: same batch, facts and cells in, same effects out. No clock, no
 *     randomness, no I/O. "Now" is the item's received_ms; local time is the `hour` the host hands you.
 *   - Nothing unwinds across this boundary. Return a status, and say why through tally_error.
 *   - Only C crosses. No object of your language's runtime is ever shared with the host.
 *
 *   WORDS IN BRACKETS say on which thread a function may be called, and whether it may block:
 *   [control]   one call at a time per plugin, never while one of its hooks runs on the pipeline's thread; may block
 *               shortly
 *   [intake]    an event loop's thread or one beside it, several in parallel; in the isolated lane a thread of your
 *               process, one call at a time; never blocks: no I/O, no lock that is held for long
 *   [hook]      the pipeline's thread, one call at a time; never blocks
 *   [committed] a thread beside the pipeline, one call at a time per plugin; may block, and delays only itself
 *   [request]   any number in parallel; may block on the host's own calls
 *   [any]       every thread, at any time between create and destroy
 *
 *   WHO MAY CALL WHAT, by the function of yours that is running:
 *
 *      your function         you are handed                          you may also call
 *      create ... destroy    host, registrar (enroll only)           [any], [control]
 *      intake                tally_intake                            [any]
 *      transform             batch, tally_verdicts                   [any]
 *      process               batch, facts, tally_effects             [any]
 *      reduce                tally_fold                              [any]
 *      merge                 tally_merge                             [any]
 *      committed             tally_commit                            [any], services
 *      lifecycle             tally_lifecycle                         [any], services
 *      answer                tally_request, tally_reply              [any], services
 *      describe              tally_portrait                          [any]
 *
 *   WORDS FOR MEMORY: a pointer is *borrowed* (valid until the call that passed it returns) or *copied* (the callee
 *   copies before it returns). Nobody frees what the other side allocated. `instance` is yours.
 *
 *   GROWTH: each struct passed by pointer begins with struct_size. Members are only ever appended, with the next
 *   TALLY_ABI_MINOR. The receiver copies into a zero-filled struct of its own size: shorter input means null, and a
 *   longer one is refused when its unknown tail is not zero. Arrays of structs inside a batch carry a stride; others
 *   are walked by the struct_size of their first element. A struct without struct_size never grows. Reserved members
 *   are zero. There is no padding between members: every byte of a struct has a name.
 *
 *   CONTENTS: 1 values, 2 the batch, 3 facts, 4 effects, 5 the other hooks, 6 registering, 7 answering, 8 the plugin
 *   and its host, 9 the layout is frozen, 10 services.
 */
#ifndef TALLY_PLUGIN_H
#define TALLY_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TALLY_ABI_MAJOR 1u
#define TALLY_ABI_MINOR 0u

/* ---- 1. Values -------------------------------------------------------------------------------------------------- */

/* UTF-8 text, not terminated. {NULL, 0} is the empty text. */
typedef struct tally_str {
  const char *ptr;
  uint64_t len;
} tally_str;

/* Opaque bytes. {NULL, 0} is "nothing". */
typedef struct tally_bytes {
  const void *ptr;
  uint64_t len;
} tally_bytes;

/* 0 is success; failures are negative, from this closed list. */
typedef int32_t tally_status;
#define TALLY_OK 0
#define TALLY_FAILED (-1)      /* the reason is in tally_error */
#define TALLY_INVALID (-2)     /* an argument is not what this header demands */
#define TALLY_UNSUPPORTED (-3) /* this host does not offer it; a normal answer */
#define TALLY_NOT_FOUND (-4)
#define TALLY_LIMIT (-5)       /* a named limit is reached */
#define TALLY_PANIC (-6)       /* your language caught a panic or exception at the boundary */
#define TALLY_DENIED (-7)      /* whoever asks may not */
#define TALLY_CONFLICT (-8)    /* it changed meanwhile, or the name is taken */
#define TALLY_GONE (-9)        /* the request, job or plugin it belongs to has ended */
#define TALLY_TIMEOUT (-10)    /* the deadline has passed */

/* Where a failing function leaves its reason: one sentence for the operator, what is wrong and what to do.
 * The struct and `ctx` are borrowed; set() copies the text. The last call wins. */
typedef struct tally_error {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;
  /* [any, inside the call that received this error] */
  void (*set)(void *ctx, tally_str reason);
} tally_error;

/* ---- 2. What a hook reads: the batch ----------------------------------------------------------------------------
 *
 * A batch is ONE block of memory without pointers: every `_off` counts bytes from the block's first byte, so that the
 * same bytes can be read in another process. It is read-only. Walk arrays by their stride:
 *
 *     for (uint32_t i = batch->first_item; i < batch->end_item; i++) {
 *       const tally_item *item = tally_batch_item(batch, i);
 *       const tally_node *crash = tally_member(batch, tally_batch_node(batch, item->root), my_crash_key);
 *       ...
 *     }
 */

typedef struct tally_batch {
  uint32_t struct_size;
  uint32_t total_size; /* bytes of the whole block */
  uint32_t first_item, end_item; /* yours in this call: all items, or a window of them */
  uint32_t items_off, item_stride;
  uint32_t n_events, events_off, event_stride;
  uint32_t n_nodes, nodes_off, node_stride;
  uint32_t n_keys, keys_off, key_stride;
  uint32_t text_off, text_len;
  uint32_t reserved0;
} tally_batch;

/* One SDK request. `root` is the object of its decoded parameters; parameters that carry JSON (`metrics`, `events`,
 * `crash`, ...) are already parsed below it. */
typedef struct tally_item {
  uint64_t position;    /* place in the journal; never reused */
  uint64_t hash;        /* of the request's text: the same request has the same hash */
  uint64_t user;        /* uid: short, unique in the app */
  int64_t received_ms;  /* Unix milliseconds: "now" of this item */
  int64_t timestamp_ms; /* the client's time, never later than received_ms, never older than raw retention */
  uint32_t index;       /* place inside a bulk request; 0 otherwise */
  uint32_t app;
  int32_t hour;         /* timestamp_ms as hours of the app's local calendar since 1970-01-01 00:00 */
  uint32_t flags;       /* TALLY_ITEM_... */
  uint32_t user_index;  /* dense number of (app, user) inside this batch */
  uint32_t root;        /* node */
  uint32_t first_event, n_events;
  uint32_t device_off, device_len;   /* device id; empty when a transform took it away: the item is nobody's */
  uint32_t country_off, country_len; /* ISO code found at intake, or empty */
  uint32_t city_off, city_len;
  uint32_t notes; /* node: the object of what intake hooks annotated, named "<plugin>.<name>"; 0 when nothing */
  uint32_t app_country; /* the app's own: its two letters, the first in the lowest byte; 0 when it has none */
} tally_item;

#define TALLY_ITEM_NEW_USER 1u /* the first item of this user that was kept and is somebody's */
#define TALLY_ITEM_BULK 2u
#define TALLY_ITEM_CLAMPED 4u /* the client's time was in the future, too old or none at all, and was moved */

/* One entry of the item's `events`, its loosely typed numbers already made sense of. */
typedef struct tally_event {
  int64_t timestamp_ms;
  int64_t count; /* default 1; limited to +-2^53 */
  int64_t sum;   /* in units of 1e-5 */
  int64_t dur;   /* seconds in units of 1e-5 */
  int32_t hour;  /* as tally_item.hour, of this event's own time */
  uint32_t flags; /* TALLY_EVENT_... */
  uint32_t item;
  uint32_t node;                /* the event's object */
  uint32_t key_off, key_len;    /* its key, cleaned as the protocol demands; never empty */
  uint32_t segmentation;        /* node of the segmentation object; 0 when absent */
  uint32_t reserved0;
} tally_event;

#define TALLY_EVENT_HAS_SUM 1u
#define TALLY_EVENT_HAS_DUR 2u
#define TALLY_EVENT_INTERNAL 4u /* the key begins with [CLY]_ */
#define TALLY_EVENT_CLAMPED 8u  /* its own time was in the future, too old or none at all, and was moved */

/* One JSON value. A container is followed by its whole subtree: the next sibling of node n is n + 1 + its `len` when
 * it is an object or array, else n + 1. Node 0 of a batch is null and stands for "absent". */
typedef struct tally_node {
  uint32_t key;   /* in an object: index into the batch's keys. 0 in arrays and at a root */
  uint16_t kind;  /* TALLY_NULL ... */
  uint16_t depth;
  uint32_t off;   /* text: offset of its UTF-8. containers: number of children */
  uint32_t len;   /* text: bytes. containers: number of nodes below */
  uint64_t bits;  /* TALLY_INT: int64. TALLY_DOUBLE: double. otherwise 0 */
} tally_node;

#define TALLY_NULL 0u
#define TALLY_FALSE 1u
#define TALLY_TRUE 2u
#define TALLY_INT 3u
#define TALLY_DOUBLE 4u
#define TALLY_STRING 5u
#define TALLY_ARRAY 6u
#define TALLY_OBJECT 7u

/* A member name that occurs in the batch. A name that somebody interned (tally_host.intern) has its interned id as
 * its index in every batch, so hooks compare numbers; all others follow behind in no promised order. */
typedef struct tally_key {
  uint32_t off, len;
} tally_key;

static inline const tally_item *tally_batch_item(const tally_batch *batch, uint32_t i) {
  return (const tally_item *)(const void *)((const char *)batch + batch->items_off + (size_t)i * batch->item_stride);
}

static inline const tally_event *tally_batch_event(const tally_batch *batch, uint32_t i) {
  return (const tally_event *)(const void *)((const char *)batch + batch->events_off + (size_t)i * batch->event_stride);
}

static inline const tally_node *tally_batch_node(const tally_batch *batch, uint32_t i) {
  return (const tally_node *)(const void *)((const char *)batch + batch->nodes_off + (size_t)i * batch->node_stride);
}

static inline tally_str tally_batch_text(const tally_batch *batch, uint32_t off, uint32_t len) {
  tally_str text;
  text.ptr = (const char *)batch + off;
  text.len = len;
  return text;
}

static inline tally_str tally_batch_key(const tally_batch *batch, uint32_t key) {
  const tally_key *entry =
      (const tally_key *)(const void *)((const char *)batch + batch->keys_off + (size_t)key * batch->key_stride);
  return tally_batch_text(batch, entry->off, entry->len);
}

/* The index of a node: what tally_verdicts and the `_node` members of this header are about. */
static inline uint32_t tally_node_index(const tally_batch *batch, const tally_node *node) {
  return (uint32_t)(((size_t)((const char *)node - (const char *)batch) - batch->nodes_off) / batch->node_stride);
}

/* The node behind `node` and all below it. */
static inline const tally_node *tally_next(const tally_batch *batch, const tally_node *node) {
  size_t step = 1u + (node->kind >= TALLY_ARRAY ? node->len : 0u);
  return (const tally_node *)(const void *)((const char *)node + step * batch->node_stride);
}

/* The first child of a container; meaningless when it has none (`off` is 0). */
static inline const tally_node *tally_first(const tally_batch *batch, const tally_node *container) {
  return (const tally_node *)(const void *)((const char *)container + batch->node_stride);
}

/* The member of `object` with the interned key, or NULL (also when `object` is no object). Of equal names the last. */
static inline const tally_node *tally_member(const tally_batch *batch, const tally_node *object, uint32_t key) {
  const tally_node *found = NULL, *member;
  uint32_t i;
  if (object == NULL || object->kind != TALLY_OBJECT) return NULL;
  member = tally_first(batch, object);
  for (i = 0; i < object->off; i++, member = tally_next(batch, member))
    if (member->key == key) found = member;
  return found;
}

/* The text of a string node; empty for every other kind. */
static inline tally_str tally_text(const tally_batch *batch, const tally_node *node) {
  if (node == NULL || node->kind != TALLY_STRING) return tally_batch_text(batch, 0, 0);
  return tally_batch_text(batch, node->off, node->len);
}

/* ---- 3. What earlier hooks say: facts ---------------------------------------------------------------------------
 *
 * A fact is a small block of bytes that one plugin says about one item, for the hooks after it: live, in catch-up and
 * in another process the same bytes. Facts form, per item, a list of entries inside one pointer-free block. */

typedef struct tally_facts {
  uint32_t struct_size;
  uint32_t total_size;
  uint32_t n_items;
  uint32_t heads_off; /* uint32_t per item: offset of its newest entry, 0 for none */
} tally_facts;

typedef struct tally_fact_entry {
  uint32_t next_off; /* the next older entry of the item, 0 at the end */
  uint32_t name;     /* interned name of the plugin that said it */
  uint32_t len;      /* bytes that follow this struct, from the next multiple of 8 */
  uint32_t reserved0;
} tally_fact_entry;

/* The newest fact of that name about item `i`, 8-byte aligned, or {NULL, 0}. */
static inline tally_bytes tally_fact(const tally_facts *facts, uint32_t i, uint32_t name) {
  tally_bytes found;
  const uint32_t *heads = (const uint32_t *)(const void *)((const char *)facts + facts->heads_off);
  uint32_t off = heads[i];
  found.ptr = NULL;
  found.len = 0;
  while (off != 0) {
    const tally_fact_entry *entry = (const tally_fact_entry *)(const void *)((const char *)facts + off);
    if (entry->name == name) {
      found.ptr = (const char *)(const void *)entry + sizeof(tally_fact_entry);
      found.len = entry->len;
      return found;
    }
    off = entry->next_off;
  }
  return found;
}

/* What the built-in "users" says about every item. Metric values are normalised (protocol: metrics); each is an
 * offset and length from the first byte of the fact; {0, 0} when unknown. Where `changed` has no bit, what was known
 * before is the value, and old_off and old_len are 0. */
typedef struct tally_user_fact {
  int64_t first_seen_ms; /* of any item of the user; this one's time when it is the first */
  int64_t last_seen_ms;  /* before this item; 0 when it is the first */
  uint32_t given;        /* bit TALLY_METRIC_...: named by this request */
  uint32_t changed;      /* bit TALLY_METRIC_...: differs from what was known before */
  uint16_t value_off[16], value_len[16];
  uint16_t old_off[16], old_len[16];
} tally_user_fact;

#define TALLY_METRIC_OS 0u
#define TALLY_METRIC_OS_VERSION 1u
#define TALLY_METRIC_DEVICE 2u
#define TALLY_METRIC_MANUFACTURER 3u
#define TALLY_METRIC_DEVICE_TYPE 4u
#define TALLY_METRIC_RESOLUTION 5u
#define TALLY_METRIC_DENSITY 6u
#define TALLY_METRIC_APP_VERSION 7u
#define TALLY_METRIC_CARRIER 8u
#define TALLY_METRIC_LOCALE 9u
#define TALLY_METRIC_LANGUAGE 10u
#define TALLY_METRIC_BROWSER 11u
#define TALLY_METRIC_BROWSER_VERSION 12u
#define TALLY_METRIC_STORE 13u
#define TALLY_METRIC_COUNTRY 14u
#define TALLY_METRIC_CITY 15u

/* What the built-in "sessions" says about every item. Events of an item lie between opening and closing. */
typedef struct tally_session_fact {
  uint64_t id;               /* the session this item belongs to; 0 when none is open */
  int64_t start_ms;
  uint32_t flags;            /* TALLY_SESSION_... */
  uint32_t new_in;           /* grains (TALLY_GRAIN_...) in which this session makes the user newly seen */
  uint64_t previous_id;      /* CLOSED_PREVIOUS: the session this begin closed */
  int64_t previous_start_ms;
  int64_t previous_duration; /* seconds */
  int32_t previous_hour;     /* bucket in which that close is counted */
  uint32_t reserved0;
  int64_t duration;          /* CLOSED: seconds of the session that closes behind this item's events */
} tally_session_fact;

#define TALLY_SESSION_OPENED 1u          /* a new session was counted */
#define TALLY_SESSION_EXTENDED 2u        /* a begin inside the cooldown: the closed session goes on */
#define TALLY_SESSION_CLOSED_PREVIOUS 4u /* before this item's events */
#define TALLY_SESSION_CLOSED 8u          /* after this item's events */
#define TALLY_SESSION_FIRST 16u          /* the opened session is the user's first */

/* ---- 4. What a hook asks for: effects ---------------------------------------------------------------------------
 *
 * Effects belong to one call and one batch. They are staged; when the call returns TALLY_OK they commit with the
 * batch, otherwise nothing of the call remains. Everything passed in is copied. `item` is the item's place in the
 * batch. A name or value over its declared limit is counted under "[CLY]_other", so that totals still add up. */

#define TALLY_OTHER "[CLY]_other"

/* Grains, as bits. A counter's bucket is an hour, day, ... in the app's time zone. */
#define TALLY_GRAIN_HOUR 1u
#define TALLY_GRAIN_DAY 2u
#define TALLY_GRAIN_WEEK 4u      /* ceil(day of year / 7), as the core documents have it */
#define TALLY_GRAIN_ISO_WEEK 8u  /* Monday to Sunday; what users of a period that is no month are read from */
#define TALLY_GRAIN_MONTH 16u
#define TALLY_GRAIN_YEAR 32u

/* Names one line of counters. subject: what is counted, below the metric (an event key, a view id), or empty.
 * dimension and value: both empty for the total of the subject; else e.g. "platform" and "Android". */
typedef struct tally_series {
  uint32_t struct_size;
  uint32_t metric; /* from tally_registrar.metric */
  tally_str subject;
  tally_str dimension;
  tally_str value;
} tally_series;

/* Something a user is found by: "email" and "ada@example.org". Texts compare byte by byte. */
typedef struct tally_property {
  tally_str name;
  tally_str value;
} tally_property;

typedef struct tally_effects {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;

  /* Adds add[0 .. n_add) to the measures of the series, in the order the metric declared them, in every grain that a
   * measure declared, at that local hour. Zeros cost nothing. [hook, inside the call] */
  void (*count)(void *ctx, uint32_t item, const tally_series *series, int32_t hour, const int64_t *add,
                uint32_t n_add);

  /* Says that the item's user was in the series at that hour. Adds 1 to the metric's UNIQUE measure in each grain
   * where this user is counted for the first time, in any order of arrival; with first_time != 0 also 1 to its NEW
   * measure. Returns the grains in which the user was new. [hook, inside the call] */
  uint32_t (*unique)(void *ctx, uint32_t item, const tally_series *series, int32_t hour, uint32_t first_time);

  /* Your cell of the item's user: a working copy that sees your earlier writes. At most 65 536 bytes; no other plugin
   * writes it. The result is borrowed until your next call of cell_put for the same user or the end of the hook call;
   * it is 8-byte aligned. [hook, inside the call] */
  tally_bytes (*cell)(void *ctx, uint32_t item);
  void (*cell_put)(void *ctx, uint32_t item, tally_bytes value);

  /* Says your fact about the item to the hooks behind you; at most 4 096 bytes. [hook, inside the call] */
  void (*fact)(void *ctx, uint32_t item, tally_bytes value);

  /* Appends a row to a table you registered. `key` is what the table's cap counts by. [hook, inside the call] */
  void (*row)(void *ctx, uint32_t item, uint32_t table, tally_str key, tally_bytes payload);

  /* Sends a payload to a document that many users share: after the hooks, in the same transaction, the host calls
   * your collection's reduce once per key with all payloads in order. [hook, inside the call] */
  void (*emit)(void *ctx, uint32_t item, uint32_t collection, tally_str key, tally_bytes payload);

  /* Says by what the item's user is found, in place of all you said before: at most 64 properties, names of 1 to 160
   * bytes, values of 1 to 256. The store keeps them sorted, so that a search reads what it finds and no more. They are
   * erased with the user. [hook, inside the call] */
  void (*find_by)(void *ctx, uint32_t item, const tally_property *properties, uint32_t n_properties);
} tally_effects;

/* ---- 5. The other hooks: intake, transform, committed, lifecycle ------------------------------------------------ */

/* One request on its way in: before the journal, before the answer, on the thread that reads the network. Of a bulk
 * request each item is shown by itself. What you do not refuse is accepted. Texts are borrowed. In the isolated lane a
 * request waits for you 20 ms at most, then it is accepted without you and the overrun counted. */
typedef struct tally_intake {
  uint32_t struct_size;
  uint32_t app;
  uint32_t flags; /* TALLY_INTAKE_BULK */
  uint32_t reserved0;
  int64_t received_ms;
  tally_str app_id; /* 24 hex */
  tally_str device; /* device id */
  tally_str address; /* the peer's, as text; empty when the operator has addresses dropped */
  void *ctx;

  /* The decoded parameter, or {NULL, 0}; borrowed until the hook returns. [intake, inside the call] */
  tally_str (*parameter)(void *ctx, tally_str name);

  /* Says something about the request that no client can forge: journalled with it and found by transform and process
   * hooks below tally_item.notes as "<your plugin>.<name>". JSON objects and arrays arrive parsed, everything else as
   * a string. TALLY_LIMIT above 16 notes, 128 bytes of name or 4 096 of value, which are copied. The last call for a
   * name wins. [intake, inside the call] */
  tally_status (*annotate)(void *ctx, tally_str name, tally_str value);

  /* Answers the request with a status from 200 to 599 and {"result": message} instead of accepting it; nothing of it
   * is kept, and no later hook sees it. SDKs keep and repeat what is not answered 2xx. Inside a bulk request the item
   * is left out and the answer stays that of the whole. At most 512 bytes; copied. Refusals are counted under your
   * name. [intake, inside the call] */
  tally_status (*refuse)(void *ctx, uint32_t http_status, tally_str message);
} tally_intake;

#define TALLY_INTAKE_BULK 1u

/* What a transform hook may ask for, before any process hook sees the batch. The block itself stays as it is for the
 * rest of your call; hooks behind you are handed a new one, which costs what decoding costs: edit only what has to be
 * edited. Verdicts belong to one call: when it returns TALLY_OK all of them hold, otherwise none. `item` and `event` are
 * places in the batch, `object` is the index of an object node in the item's tree. Everything passed in is copied: at
 * most 256 edits of one item in one call, 1 024 bytes of name, 65 536 of JSON. What breaks these rules refuses the
 * whole call. */
typedef struct tally_verdicts {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;

  /* Leaves the item out: nobody counts or keeps it; the books count it as dropped. [hook, inside the call] */
  void (*drop)(void *ctx, uint32_t item);

  /* Leaves one event of an item out. [hook, inside the call] */
  void (*drop_event)(void *ctx, uint32_t event);

  /* Gives `object` a member, in place of all of that name; `json` is one JSON value. Setting "timestamp" at the root
   * moves the item in time within what the protocol allows. [hook, inside the call] */
  void (*set)(void *ctx, uint32_t item, uint32_t object, tally_str name, tally_str json);

  /* Takes all members of that name out of `object`. Without "device_id", taken out of the root, where it is not shown,
   * the item is nobody's: hooks see it, but it makes no user and says nothing about one. [hook, inside the call] */
  void (*remove)(void *ctx, uint32_t item, uint32_t object, tally_str name);

  /* Appends an event, a JSON object as SDKs send it, behind the item's own. [hook, inside the call] */
  void (*add_event)(void *ctx, uint32_t item, tally_str json);
} tally_verdicts;

/* What was committed, for those who tell somebody else: dashboards, webhooks, exports. Batch and facts are borrowed
 * copies; (position, index) of an item is its sequence number. Every item a process hook saw arrives at least once, in
 * order; after a fault or a restart some arrive again, with the same sequence numbers. */
typedef struct tally_commit {
  uint32_t struct_size;
  uint32_t flags; /* TALLY_COMMIT_AGAIN */
  uint64_t first_position;
  uint64_t last_position;
  const tally_batch *batch;
  const tally_facts *facts;
} tally_commit;

#define TALLY_COMMIT_AGAIN 1u /* some of it may have been delivered before */

/* Something happened that is no request. Told to running plugins, once, in order, between two batches; what happened
 * while the server was down is not told again. Of users who were merged and deleted plugins hear at least once: again
 * with the next start when the process ended before. `app` is 0 for what concerns no app. Texts are borrowed. */
typedef struct tally_lifecycle {
  uint32_t struct_size;
  uint32_t kind; /* TALLY_LIFECYCLE_... */
  uint32_t app;
  uint32_t flags;
  int64_t at_ms;
  uint64_t user;  /* USER_...: the uid it is about; of somebody merged, DELETED is told once for each uid */
  uint64_t into;  /* USER_MERGED: the uid that goes on */
  tally_str app_id; /* 24 hex; empty without an app */
  tally_str name;   /* SETTINGS_CHANGED: the plugin. DAY_CLOSED: the day, "2026-11-21". Otherwise empty */
  tally_str detail; /* a JSON object with what else is known, or empty */
  void *ctx;
  /* USER_EXPORTED: adds a named JSON value to the user's export. Null for other kinds. [control, inside the call] */
  void (*write)(void *ctx, tally_str name, tally_str json);
} tally_lifecycle;

#define TALLY_LIFECYCLE_APP_CREATED 1u
#define TALLY_LIFECYCLE_APP_RESET 2u   /* its data is gone, the app stays */
#define TALLY_LIFECYCLE_APP_DELETED 3u /* with everything that was counted for it */
#define TALLY_LIFECYCLE_USER_MERGED 4u
#define TALLY_LIFECYCLE_USER_DELETED 5u  /* cells and rows are gone; forget what your documents say about the user */
#define TALLY_LIFECYCLE_USER_EXPORTED 6u /* answer with write() */
/* Of any plugin, everywhere or for one app; your own arrive through settings_apply first. `detail` names them and no
 * values: {"changed":["views_max"]}. */
#define TALLY_LIFECYCLE_SETTINGS_CHANGED 7u
#define TALLY_LIFECYCLE_DAY_CLOSED 8u /* in the app's time zone; late data may still count on it */

/* ---- 6. Registering: metrics, collections, tables, hooks, routes ------------------------------------------------ */

#define TALLY_MEASURE_SUM 0u    /* count() adds */
#define TALLY_MEASURE_UNIQUE 1u /* unique() adds; not additive over buckets */
#define TALLY_MEASURE_NEW 2u    /* unique(first_time) adds */
#define TALLY_MEASURE_MIN 3u    /* count() keeps the smaller */
#define TALLY_MEASURE_MAX 4u    /* count() keeps the larger */

/* One number of a metric. */
typedef struct tally_measure {
  tally_str name;      /* as it appears in documents: "t", "u", "dur" */
  uint32_t kind;       /* TALLY_MEASURE_... */
  uint32_t grains;     /* where it is stored. HOUR holds only for series without dimension */
  uint32_t scale;      /* decimals: 0 for whole numbers, 5 for units of 1e-5 */
  uint32_t flags;      /* TALLY_MEASURE_OPTIONAL */
} tally_measure;

#define TALLY_MEASURE_OPTIONAL 1u /* left out of a document while zero */

#define TALLY_DIMENSION_INLINE 0u    /* "<value>": {measures} beside the totals */
#define TALLY_DIMENSION_HISTOGRAM 1u /* "<name>": {"<value>": first measure} */

/* A dimension known beforehand. */
typedef struct tally_dimension {
  tally_str name;       /* "cc" */
  tally_str meta;       /* the list of its values in a document's meta: "countries" */
  uint32_t style;       /* TALLY_DIMENSION_... */
  uint32_t value_limit; /* distinct values a year; 0: the metric's value_limit */
  uint32_t measures;    /* bit per measure (by place) that this dimension stores */
  uint32_t grains;      /* where it is stored; replaces the measures' own grains unless 0 */
} tally_dimension;

typedef struct tally_metric {
  uint32_t struct_size;
  uint32_t n_measures; /* at most 8 */
  tally_str name;      /* unique in the plugin */
  const tally_measure *measures;
  const tally_dimension *dimensions;
  uint32_t n_dimensions;
  uint32_t subject_limit;   /* distinct subjects in an app; 0: the metric has no subjects */
  uint32_t dimension_limit; /* further dimensions a subject may have; 0: only the declared ones */
  uint32_t value_limit;     /* distinct values a year of each further dimension, and of those that say 0 */
  /* Settings of yours that an app may have another value of, which is then its limit in place of the number above;
   * empty: every app has the same. Each is declared INT, PER_APP and RESTART. */
  tally_str subject_limit_setting;
  tally_str dimension_limit_setting;
  tally_str value_limit_setting;
} tally_metric;

/* Two users who turned out to be one (`old_device_id`). Counters stay as they are, and the host sees to it that the two
 * are not counted as two users later; rows keep the uid under which they were written. Borrowed. */
typedef struct tally_merge {
  uint32_t struct_size;
  uint32_t app;
  uint64_t from_user; /* uid of the user that is no more; its device id leads to the other from here on */
  uint64_t into_user; /* uid of the user that goes on */
  int64_t at_ms;      /* received_ms of the request that said so */
  tally_bytes from;   /* your cell of each; neither is empty */
  tally_bytes into;
  void *ctx;
  /* Hands over the cell of the user that goes on, at most 65 536 bytes; copied. [hook, inside the call] */
  void (*put)(void *ctx, tally_bytes cell);
  /* Says by what the user that goes on is found, as find_by of tally_effects does. Without it, what you said of that
   * user stands; what you said of the other is forgotten either way. [hook, inside the call] */
  void (*find_by)(void *ctx, const tally_property *properties, uint32_t n_properties);
} tally_merge;

/* What reduce folds: the payloads of one batch for one document, in order. Borrowed. */
typedef struct tally_fold {
  uint32_t struct_size;
  uint32_t collection; /* from tally_registrar.collection */
  uint32_t app;
  uint32_t n_payloads;
  tally_str key;
  tally_bytes document; /* so far; {NULL, 0} at first */
  const tally_bytes *payloads;
  void *ctx;
  /* Hands over the new document; copied. Call it once: without it the fold has failed. [hook, inside the call] */
  void (*put)(void *ctx, tally_bytes document);
} tally_fold;

/* A document that many users share, with one writer: your reduce. */
typedef struct tally_collection {
  uint32_t struct_size;
  uint32_t document_limit; /* documents in an app; payloads for more are counted as dropped */
  tally_str name;          /* unique in the plugin */
  /* Folds payloads into the document. Pure, as hooks are. On a status other than TALLY_OK the document stays as it
   * was, and the items the payloads came from are dead letters of this plugin. [hook] */
  tally_status (*reduce)(void *instance, const tally_fold *fold, const tally_error *error);
} tally_collection;

/* Rows you append and list. */
typedef struct tally_table {
  uint32_t struct_size;
  uint32_t rows_per_key; /* the newest that are kept per app and key; 0: all */
  tally_str name;        /* unique in the plugin */
} tally_table;

/* Order among the hooks of one kind: by phase, then before/after, then name. Anything between is fine. */
#define TALLY_PHASE_FIRST (-1000)
#define TALLY_PHASE_EARLY (-500)
#define TALLY_PHASE_NORMAL 0
#define TALLY_PHASE_LATE 500
#define TALLY_PHASE_LAST 1000

#define TALLY_HOOK_INTAKE 1u
#define TALLY_HOOK_TRANSFORM 2u
#define TALLY_HOOK_PROCESS 3u
#define TALLY_HOOK_COMMITTED 4u
#define TALLY_HOOK_LIFECYCLE 5u

/* A declaration that every intake hook must make; without it the host refuses the plugin. */
#define TALLY_HOOK_NEVER_BLOCKS 1u

/* A function that sees requests, or hears of what else happens. A plugin may register several, also of one kind. The
 * function of its kind is set and all others are null. */
typedef struct tally_hook {
  uint32_t struct_size;
  uint32_t kind;  /* TALLY_HOOK_... */
  int32_t phase;
  uint32_t flags; /* TALLY_HOOK_NEVER_BLOCKS */
  tally_str name; /* tells your hooks of one kind apart where their order is printed; may be empty */
  const tally_str *before; /* plugins whose hooks of this kind come later; those that do not run are ignored */
  const tally_str *after;  /* plugins whose hooks of this kind come earlier */
  const uint32_t *keys; /* transform, process, committed: interned names; batches without any of them skip the hook */
  uint32_t n_before, n_after, n_keys;
  uint32_t kinds; /* lifecycle: bit per kind, 1 << TALLY_LIFECYCLE_...; 0 for all */

  /* May refuse or annotate one request. A status other than TALLY_OK is logged and counted, and the request is
   * accepted as if the hook were not there. [intake] */
  tally_status (*intake)(void *instance, const tally_intake *request, const tally_error *error);

  /* May drop, edit and add. A status other than TALLY_OK refuses the whole call; the host then repeats it item by
   * item. For the culprit the operator's choice holds: `hold`, the pipeline waits and the journal takes the load, or
   * `bypass`, it is counted untransformed. [hook] */
  tally_status (*transform)(void *instance, const tally_batch *batch, const tally_verdicts *verdicts,
                            const tally_error *error);

  /* Counts. A status other than TALLY_OK refuses the whole call; the host then repeats it item by item and keeps the
   * culprit as a dead letter of this plugin, so refuse only what is truly broken. [hook] */
  tally_status (*process)(void *instance, const tally_batch *batch, const tally_facts *facts,
                          const tally_effects *effects, const tally_error *error);

  /* Tells the world. Plugins do not wait for each other here. A status other than TALLY_OK has the call repeated after
   * a pause, for ever; what can never succeed you have to let go yourself. [committed] */
  tally_status (*committed)(void *instance, const tally_commit *commit, const tally_error *error);

  /* Hears what happened. A status other than TALLY_OK is logged. [control] */
  tally_status (*lifecycle)(void *instance, const tally_lifecycle *event, const tally_error *error);
} tally_hook;

struct tally_request;
struct tally_reply;

#define TALLY_METHOD_GET 1u
#define TALLY_METHOD_POST 2u
#define TALLY_METHOD_PUT 4u
#define TALLY_METHOD_PATCH 8u
#define TALLY_METHOD_DELETE 16u

#define TALLY_ACCESS_READ 0u
#define TALLY_ACCESS_CREATE 1u
#define TALLY_ACCESS_UPDATE 2u
#define TALLY_ACCESS_DELETE 3u

/* Anybody may ask: no member is demanded. The answer must then depend on nothing that is private. */
#define TALLY_ROUTE_PUBLIC 1u
/* The question is about no app: `app_id` is not demanded, and `app` of the request is 0 when it is not given. */
#define TALLY_ROUTE_WITHOUT_APP 2u
/* The answer depends on the parameters, the app, what the request lets you read and the minute of now_ms, on nothing
 * else: no setting, service or memory of yours. The host may hand it out again until something is stored. */
#define TALLY_ROUTE_PURE 4u

/* A parameter that a route reads, for lists of what the server answers. */
typedef struct tally_parameter {
  tally_str name;    /* 1 to 64 bytes */
  tally_str summary; /* a few words: what it says; may be empty */
} tally_parameter;

/* A question you answer, or an order you carry out.
 *
 * `path` is a pattern of segments below /o/ or /i/: "/o/crashes/{id}" takes any one segment and hands it over as the
 * parameter "id", which then no client can overwrite. At one place a literal segment wins over {a name}. Two routes
 * whose patterns differ in names only and which share an HTTP method conflict: the plugin that comes later is refused,
 * and both owners are named. With `method`, `path` is "/o" or "/o/sdk", and the route answers /o?method=<method> or
 * /o/sdk?method=<method>.
 *
 * Before the call the host checks size, method, who asks, and whether they may: `access` to the feature `permission`
 * of the app. Behind /o/sdk the app's key, its checksum and a device id stand in for a member, as they do for /i. */
typedef struct tally_route {
  uint32_t struct_size;
  uint32_t methods; /* bits TALLY_METHOD_...; 0: GET and POST */
  tally_str path;
  tally_str method;
  tally_str permission; /* "core", your name, or a key of your descriptor; empty: your name */
  tally_str summary;    /* one sentence, for lists of what the server answers; may be empty */
  uint32_t access;      /* TALLY_ACCESS_... */
  uint32_t flags;       /* TALLY_ROUTE_... */
  uint32_t body_bytes_max; /* more is answered 413; 0: 1 MiB; at most 64 MiB */
  uint32_t deadline_ms;    /* then the client is answered 504; 0: 30 000; at most 600 000 */
  /* Request and reply are borrowed. On failure set an error; the host answers 500 and logs it. [request] */
  tally_status (*answer)(void *instance, const struct tally_request *request, const struct tally_reply *reply,
                         const tally_error *error);
  const tally_parameter *parameters; /* beside credentials, app_id and what the path captures; may be NULL */
  uint32_t n_parameters;             /* at most 64 */
  uint32_t reserved0;
} tally_route;

/* A user's cell of yours, to be told in words. Borrowed. */
typedef struct tally_portrait {
  uint32_t struct_size;
  uint32_t app;
  uint64_t user;
  tally_bytes cell; /* never empty */
  void *ctx;
  /* Adds a member to the user's document: a name of 1 to 64 bytes and one JSON value of at most 65 536; copied. Of
   * equal names that of the plugin that started first stands. [request, inside the call] */
  void (*member)(void *ctx, tally_str name, tally_str json);
} tally_portrait;

/* Tells what your cell says about a user. Pure, as hooks are. [request] */
typedef tally_status (*tally_describe)(void *instance, const tally_portrait *portrait, const tally_error *error);

/* Valid only inside enroll(). Every description is copied. A refused registration refuses the plugin. */
typedef struct tally_registrar {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;
  tally_status (*metric)(void *ctx, const tally_metric *metric, uint32_t *out_metric);                 /* [control] */
  tally_status (*collection)(void *ctx, const tally_collection *collection, uint32_t *out_collection); /* [control] */
  tally_status (*table)(void *ctx, const tally_table *table, uint32_t *out_table);                     /* [control] */
  tally_status (*hook)(void *ctx, const tally_hook *hook);                                             /* [control] */
  tally_status (*route)(void *ctx, const tally_route *route, uint32_t *out_route);                     /* [control] */
  /* Searches, listings and exports of users are made of what plugins tell; what one tells when it fails is left out.
   * One for a plugin. [control] */
  tally_status (*describe)(void *ctx, tally_describe tell);                                            /* [control] */
} tally_registrar;

/* ---- 7. Answering: request and reply ---------------------------------------------------------------------------- */

/* One line of tally_request.totals and names. Borrowed. */
typedef struct tally_total {
  uint32_t struct_size;
  uint32_t n_measures;
  tally_str name; /* the subject, dimension or value of this line */
  /* Sums over the period. UNIQUE measures: users of the period, never a sum over days; `error` says how well known. */
  const int64_t *measures;
  /* Of the UNIQUE measures. 0: exact, because one bucket is the period, or it had few users. Above 0: an estimate, with
   * this standard error as a share of it; so are totals, without a dimension, of metrics without subjects. Below 0: at
   * most that many, what the fewest months, ISO weeks and days that cover the period add up to. */
  double error;
} tally_total;

/* Which counters a document or a table of totals is made of. */
typedef struct tally_question {
  uint32_t struct_size;
  uint32_t metric;
  tally_str subject;
  tally_str dimension; /* empty: the total, with every declared dimension; else the values of this one */
  tally_str value;     /* with a dimension: this one of its values alone */
  tally_str period;    /* any syntax of the period parameter; empty: the request's own, else 30days */
  uint32_t flags;      /* TALLY_QUESTION_... */
  uint32_t reserved0;
} tally_question;

#define TALLY_QUESTION_NO_META 1u     /* leave `meta` out of the document */
#define TALLY_QUESTION_BY_SUBJECT 2u  /* totals: one line per subject instead of per value */
#define TALLY_QUESTION_ADD_SUBJECTS 4u /* document: `subject` is several names, separated by zero bytes, added up */
/* totals: of the range before the period: as many days, or the calendar day, month or year before. */
#define TALLY_QUESTION_BEFORE 8u
/* totals: one line per point of a chart over the period, in order, with those where nothing was counted; its name is
 * "2025-3-14 9", "2025-3-14" or "2025-3". Of the total, or of one value of a dimension, which have no hours. */
#define TALLY_QUESTION_BY_TICK 16u

/* What is asked, and the snapshot it is answered from. Borrowed for the whole call, as all it hands out. The snapshot
 * ends 30 s after the call began, or when the operator says; what reads it later answers TALLY_FAILED. */
typedef struct tally_request {
  uint32_t struct_size;
  uint32_t app;
  uint32_t route; /* from tally_registrar.route: which of yours is asked */
  uint32_t flags;
  uint64_t ref; /* names this request to services; never 0, never used again */
  int64_t now_ms;
  int64_t deadline_ms; /* when the client is answered 504 */
  tally_str app_id;    /* 24 hex; empty without an app */
  tally_str method;    /* "GET", "POST", ... */
  tally_str path;
  tally_str member;    /* 24 hex; empty when the route is public */
  tally_str content_type; /* of the body */
  tally_bytes body; /* as it was sent; fields of a form and members of a JSON object are parameters as well */
  void *ctx;
  /* The decoded parameter, or {NULL, 0}. [request] */
  tally_str (*parameter)(void *ctx, tally_str name);
  /* Appends the nested time document (year, month, day, hour, weeks, meta) to the reply; "{}" when there is
   * nothing. [request] */
  tally_status (*document)(void *ctx, const tally_question *question);
  /* Calls visit once per value (or subject), largest first measure first, of equals the one discovered first; visit
   * returns 0 to stop. [request] */
  tally_status (*totals)(void *ctx, const tally_question *question, void *visit_ctx,
                         int32_t (*visit)(void *visit_ctx, const tally_total *total));
  /* Calls visit for each subject of the metric, or each dimension of `subject`, in order of discovery. [request] */
  tally_status (*names)(void *ctx, uint32_t metric, tally_str subject, void *visit_ctx,
                        int32_t (*visit)(void *visit_ctx, tally_str name));
  /* One document of a collection; TALLY_NOT_FOUND when there is none. [request] */
  tally_status (*get)(void *ctx, uint32_t collection, tally_str key, tally_bytes *out_document);
  /* Calls visit for each document of a collection, by key. [request] */
  tally_status (*list)(void *ctx, uint32_t collection, void *visit_ctx,
                       int32_t (*visit)(void *visit_ctx, tally_str key, tally_bytes document));
  /* Calls visit for the newest rows of a table, newest first; an empty key means all keys. [request] */
  tally_status (*rows)(void *ctx, uint32_t table, tally_str key, uint32_t limit, void *visit_ctx,
                       int32_t (*visit)(void *visit_ctx, tally_str key, int64_t received_ms, tally_bytes payload));
  /* Your cell of the user with that uid; TALLY_NOT_FOUND when there is none. [request] */
  tally_status (*cell)(void *ctx, uint64_t user, tally_bytes *out_cell);
  /* Not 0 once nobody waits for the answer any more: the deadline has passed, the client is gone or the server ends.
   * Ask now and then in long loops. [request] */
  int32_t (*is_cancelled)(void *ctx);
  int64_t local_ms; /* now_ms on the clocks of the app's zone: that many ms after their 1970-01-01 00:00 */
} tally_request;

/* The answer: 200 with a JSON body, unless you say otherwise. */
typedef struct tally_reply {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;
  /* HTTP status, 200 to 599, before or after writing. [request] */
  void (*status)(void *ctx, uint32_t http_status);
  /* Appends to the body; copies. [request] */
  void (*write)(void *ctx, tally_str text);
  /* Appends the text as a JSON string, quoted and escaped; `& < > " '` as entities of HTML as well, unless the
   * parameter noescape is "true". [request] */
  void (*string)(void *ctx, tally_str text);
  /* Sets a header of the answer, e.g. "content-type"; copies. Names that frame the message are ignored. [request] */
  void (*header)(void *ctx, tally_str name, tally_str value);
} tally_reply;

/* ---- 8. The plugin and its host --------------------------------------------------------------------------------- */

#define TALLY_SETTING_BOOL 0u
#define TALLY_SETTING_INT 1u
#define TALLY_SETTING_DOUBLE 2u
#define TALLY_SETTING_STRING 3u

#define TALLY_SETTING_SECRET 1u   /* never shown, logged or answered in clear */
#define TALLY_SETTING_RESTART 2u  /* a change makes the host create the instance anew */
#define TALLY_SETTING_PER_APP 4u  /* an app may have a value of its own */

/* A setting an operator may write below plugins.<name> in plugins.yaml. The host checks type and range, fills in the
 * default, and refuses unknown names with the nearest known one, before any function of yours runs. Elements of the
 * array are struct_size apart. */
typedef struct tally_setting {
  uint32_t struct_size;
  uint32_t kind;          /* TALLY_SETTING_... */
  tally_str name;         /* a-z, 0-9 and "_", unit last: "comment_bytes_max" */
  tally_str help;         /* one sentence */
  tally_str default_text; /* as it would stand in the file */
  double minimum, maximum; /* both 0: any */
  tally_str unit;          /* for forms: "ms", "bytes"; empty without */
  const tally_str *choices; /* STRING: the values it may have; none: any */
  uint32_t n_choices;
  uint32_t flags; /* TALLY_SETTING_SECRET ... */
} tally_setting;

typedef struct tally_setting_value {
  uint32_t struct_size;
  uint32_t kind;
  int64_t integer; /* also 0 or 1 for a bool */
  double number;
  tally_str text; /* borrowed until destroy */
} tally_setting_value;

/* All settings of yours at one moment; borrowed. */
typedef struct tally_settings {
  uint32_t struct_size;
  uint32_t reserved0;
  void *ctx;
  /* As tally_host.setting and tally_host.app_setting; app 0 for the value everywhere. [control, inside the call] */
  tally_status (*get)(void *ctx, uint32_t app, tally_str name, tally_setting_value *out_value);
} tally_settings;

/* A right that a member may be given, beside the one named after the plugin. */
typedef struct tally_permission {
  tally_str key;   /* a-z, 0-9, "_" and "-" */
  tally_str title; /* as the dashboard shows it */
  uint32_t flags;
  uint32_t reserved0;
} tally_permission;

#define TALLY_OPTIONAL 1u /* in depends and needs: run also without it */

/* A plugin that has to run before this one starts. */
typedef struct tally_depend {
  tally_str plugin;
  tally_str version; /* the oldest that will do, of the same major; empty: any */
  uint32_t flags;    /* TALLY_OPTIONAL */
  uint32_t reserved0;
} tally_depend;

/* A service of the host (tally_host.service) without which this plugin makes no sense. */
typedef struct tally_need {
  tally_str service; /* "tally.kv" */
  uint32_t revision; /* the lowest that will do */
  uint32_t flags;    /* TALLY_OPTIONAL */
} tally_need;

#define TALLY_PLUGIN_INPROC_ONLY 1u   /* refused in the isolated lane */
#define TALLY_PLUGIN_ISOLATED_ONLY 2u /* refused in the host's process */

/* Who a plugin is: the manifest, readable before anything of it runs. Constant data. */
typedef struct tally_descriptor {
  uint32_t struct_size;
  uint32_t flags;    /* TALLY_PLUGIN_... */
  tally_str name;    /* a-z, 0-9 and "-"; equals the folder and lib<name>.so */
  tally_str version; /* semantic version */
  tally_str summary; /* one sentence */
  tally_str vendor;  /* this and the next three may be empty */
  tally_str license; /* SPDX */
  tally_str homepage;
  tally_str dashboard; /* the module the dashboard loads, inside the plugin's folder dashboard/: "index.js" */
  const tally_setting *settings;
  const tally_permission *permissions;
  const tally_depend *depends;
  const tally_need *needs;
  uint32_t n_settings, n_permissions, n_depends, n_needs;
} tally_descriptor;

#define TALLY_LOG_DEBUG 0u
#define TALLY_LOG_INFO 1u
#define TALLY_LOG_WARNING 2u
#define TALLY_LOG_ERROR 3u

#define TALLY_HOST_ISOLATED 1u /* you run in a process of your own */
#define TALLY_HOST_CHECK 2u    /* `tally plugin check` is looking: nothing you do has consequences */

/* What the host offers an instance; borrowed until destroy returns. */
typedef struct tally_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t flags; /* TALLY_HOST_... */
  void *ctx;
  tally_str product_version;
  tally_str plugin_name;
  /* Writes a line to the operator's log under your name. Lines over the limit are counted and dropped. [any] */
  void (*log)(void *ctx, uint32_t level, tally_str message);
  /* The value in force of one of your settings; TALLY_NOT_FOUND for a name you did not declare. [any] */
  tally_status (*setting)(void *ctx, tally_str name, tally_setting_value *out_value);
  /* The number of a member name, the same for every plugin and every batch of this process; 0 when the limit of
   * 4 096 names is reached. [control] */
  uint32_t (*intern)(void *ctx, tally_str name);
  /* As setting, for one app: its own value where it has one. [any] */
  tally_status (*app_setting)(void *ctx, uint32_t app, tally_str name, tally_setting_value *out_value);
  /* The table of a service, e.g. "tally.kv", constant until destroy: it begins with uint32_t struct_size and uint32_t
   * revision. NULL when this host has none of at least that revision. [any] */
  const void *(*service)(void *ctx, tally_str id, uint32_t revision);
} tally_host;

/* What tally_plugin_<name>() returns: constant, the same at every call. The lifecycle is
 * create, enroll, start, (hooks and routes), drain, stop, destroy; after a failure in enroll or start only destroy. */
typedef struct tally_plugin {
  uint32_t struct_size;
  uint32_t abi_major;      /* TALLY_ABI_MAJOR */
  uint32_t abi_minor;      /* TALLY_ABI_MINOR of the header you built with */
  uint32_t min_host_minor; /* the oldest host minor you can work with */
  const tally_descriptor *descriptor;
  /* Makes an instance. [control] */
  tally_status (*create)(const tally_host *host, void **out_instance, const tally_error *error);
  /* Registers everything; published only when start has succeeded. [control] */
  tally_status (*enroll)(void *instance, const tally_registrar *registrar, const tally_error *error);
  /* Last chance to refuse. Null: nothing to do. [control] */
  tally_status (*start)(void *instance, const tally_error *error);
  /* No new calls will come; finish what runs. Null: nothing to do. [control] */
  void (*drain)(void *instance);
  /* End own threads. Null: nothing to do. [control] */
  void (*stop)(void *instance);
  /* Return everything to "never created". [control] */
  void (*destroy)(void *instance);
  /* Judges settings that passed the host's own checks, before anybody applies them. Null: all are fine. [control] */
  tally_status (*settings_check)(void *instance, const tally_settings *settings, const tally_error *error);
  /* Takes new settings over, all of them accepted by settings_check. The host is free to make a new instance instead;
   * it does so when this is null, and after a change of a RESTART setting. [control] */
  tally_status (*settings_apply)(void *instance, const tally_settings *settings, const tally_error *error);
  /* Hands what is worth keeping to the next generation of your code through put(), which copies; called between two
   * batches, before the new code starts and while you still run, so that nobody waits. Null: nothing. [control] */
  tally_status (*state_export)(void *instance, void *put_ctx, void (*put)(void *put_ctx, tally_bytes state),
                               const tally_error *error);
  /* Takes over what another generation exported, between enroll and start; refuse what you cannot read, and you start
   * without it. Null: never. [control] */
  tally_status (*state_import)(void *instance, tally_bytes state, const tally_error *error);
  /* Makes one cell out of two, when two users turn out to be one; called between two of your hooks, at the item that
   * said so, also in catch-up, and only when both users have a cell of yours: one cell goes on as it is, and what its
   * user was found by. Pure, as hooks are. Null, no put(), or a status other than TALLY_OK: the cell of the user that goes on stays. [hook] */
  tally_status (*merge)(void *instance, const tally_merge *merge, const tally_error *error);
} tally_plugin;

/* The type of the one exported function, named tally_plugin_<name>. No side effects, callable any number of times. */
typedef const tally_plugin *(*tally_plugin_entry)(void);

#ifdef _WIN32
#define TALLY_EXPORT __declspec(dllexport)
#else
#define TALLY_EXPORT __attribute__((visibility("default")))
#endif

/* ---- 9. The layout is frozen ------------------------------------------------------------------------------------ */

#ifdef __cplusplus
#define TALLY_STATIC_ASSERT(condition, name) static_assert(condition, #name)
#else
#define TALLY_STATIC_ASSERT(condition, name) typedef char tally_assert_##name[(condition) ? 1 : -1]
#endif

TALLY_STATIC_ASSERT(sizeof(void *) == 8, pointers_are_64_bit);
TALLY_STATIC_ASSERT(sizeof(tally_str) == 16, str_size);
TALLY_STATIC_ASSERT(sizeof(tally_bytes) == 16, bytes_size);
TALLY_STATIC_ASSERT(sizeof(tally_error) == 24, error_size);
TALLY_STATIC_ASSERT(sizeof(tally_batch) == 72, batch_size);
TALLY_STATIC_ASSERT(sizeof(tally_item) == 104, item_size);
TALLY_STATIC_ASSERT(sizeof(tally_event) == 64, event_size);
TALLY_STATIC_ASSERT(sizeof(tally_node) == 24, node_size);
TALLY_STATIC_ASSERT(sizeof(tally_key) == 8, key_size);
TALLY_STATIC_ASSERT(sizeof(tally_facts) == 16, facts_size);
TALLY_STATIC_ASSERT(sizeof(tally_fact_entry) == 16, fact_entry_size);
TALLY_STATIC_ASSERT(sizeof(tally_user_fact) == 152, user_fact_size);
TALLY_STATIC_ASSERT(sizeof(tally_session_fact) == 64, session_fact_size);
TALLY_STATIC_ASSERT(sizeof(tally_series) == 56, series_size);
TALLY_STATIC_ASSERT(sizeof(tally_property) == 32, property_size);
TALLY_STATIC_ASSERT(sizeof(tally_effects) == 80, effects_size);
TALLY_STATIC_ASSERT(sizeof(tally_intake) == 104, intake_size);
TALLY_STATIC_ASSERT(sizeof(tally_verdicts) == 56, verdicts_size);
TALLY_STATIC_ASSERT(sizeof(tally_commit) == 40, commit_size);
TALLY_STATIC_ASSERT(sizeof(tally_lifecycle) == 104, lifecycle_size);
TALLY_STATIC_ASSERT(sizeof(tally_measure) == 32, measure_size);
TALLY_STATIC_ASSERT(sizeof(tally_dimension) == 48, dimension_size);
TALLY_STATIC_ASSERT(sizeof(tally_metric) == 104, metric_size);
TALLY_STATIC_ASSERT(sizeof(tally_merge) == 88, merge_size);
TALLY_STATIC_ASSERT(sizeof(tally_fold) == 72, fold_size);
TALLY_STATIC_ASSERT(sizeof(tally_collection) == 32, collection_size);
TALLY_STATIC_ASSERT(sizeof(tally_table) == 24, table_size);
TALLY_STATIC_ASSERT(sizeof(tally_hook) == 112, hook_size);
TALLY_STATIC_ASSERT(sizeof(tally_parameter) == 32, parameter_size);
TALLY_STATIC_ASSERT(sizeof(tally_route) == 112, route_size);
TALLY_STATIC_ASSERT(sizeof(tally_portrait) == 48, portrait_size);
TALLY_STATIC_ASSERT(sizeof(tally_registrar) == 64, registrar_size);
TALLY_STATIC_ASSERT(sizeof(tally_total) == 40, total_size);
TALLY_STATIC_ASSERT(sizeof(tally_question) == 80, question_size);
TALLY_STATIC_ASSERT(sizeof(tally_request) == 224, request_size);
TALLY_STATIC_ASSERT(sizeof(tally_reply) == 48, reply_size);
TALLY_STATIC_ASSERT(sizeof(tally_setting) == 104, setting_size);
TALLY_STATIC_ASSERT(sizeof(tally_setting_value) == 40, setting_value_size);
TALLY_STATIC_ASSERT(sizeof(tally_settings) == 24, settings_size);
TALLY_STATIC_ASSERT(sizeof(tally_permission) == 40, permission_size);
TALLY_STATIC_ASSERT(sizeof(tally_depend) == 40, depend_size);
TALLY_STATIC_ASSERT(sizeof(tally_need) == 24, need_size);
TALLY_STATIC_ASSERT(sizeof(tally_descriptor) == 168, descriptor_size);
TALLY_STATIC_ASSERT(sizeof(tally_host) == 96, host_size);
TALLY_STATIC_ASSERT(sizeof(tally_plugin) == 112, plugin_size);

/* ---- 10. Services -----------------------------------------------------------------------------------------------
 *
 * What the host does for you outside of hooks. Each service is a table, fetched once, in create or enroll, by name and
 * revision:
 *
 *     static const tally_str id = {"tally.commands", 14};
 *     self->commands = host->service(host->ctx, id, 1);
 *
 * A table is borrowed until destroy returns; each function takes the table's own `ctx` first. Names, keys, jobs and
 * metrics are yours alone: those of two plugins never meet. Everything passed in is copied. Every service has limits;
 * reaching one answers TALLY_LIMIT and is counted, with calls and bytes, under your name at /metrics.
 *
 * A call the brackets exclude answers TALLY_INVALID, a call after stop() TALLY_GONE; both are written to the
 * operator's log under your name. `error` may be NULL.
 *   [job]     a thread of the host's job pool; may block
 *   Functions marked [request, job] may block, and may also be called from committed hooks and threads of your own.
 */

/* -- Commands: "tally.commands". The only way in which a request, a job or a page changes what counts.
 *
 * A command is an entry of the journal. It is applied in the order of the journal, once, by your own handler with
 * effects as a hook has them, committed with its position, and answered behind that commit. It survives kill -9. */

typedef struct tally_command {
  uint32_t struct_size;
  uint32_t app;        /* 0: about no app */
  uint64_t position;   /* place in the journal */
  int64_t received_ms; /* "now" of this command */
  int32_t hour;        /* received_ms as hours of the app's local calendar; of UTC when app is 0 */
  uint32_t item;       /* what tally_effects demands as `item` */
  uint64_t user;       /* uid; 0: about no user, then effects that need one refuse the command */
  tally_str name;
  tally_bytes payload;
  void *answer_ctx;
  /* Hands bytes to whoever waits for this command, at most 65 536; the last call wins. [hook, inside the call] */
  void (*answer)(void *answer_ctx, tally_bytes bytes);
} tally_command;

/* A command the host itself sends, to every plugin that defines it: somebody edits a user, about whom the command is.
 * The payload is a JSON object: members of the user's document and their new values, {"custom.plan":"pro"}, null to
 * delete; or operators, {"$inc":{"custom.visits":1}}. What is not yours is passed over. */
#define TALLY_COMMAND_EDIT_USER "edit-user"

typedef struct tally_command_handler {
  uint32_t struct_size;
  uint32_t reserved0;
  tally_str name; /* 1 to 64 characters of a-z, 0-9, "-" and "_" */
  /* Applies a command. Pure, as hooks are. Any status other than TALLY_OK refuses it: nothing of it remains, and
   * whoever waits gets that status with your reason. A reduce that refuses what it emitted refuses it too. [hook] */
  tally_status (*apply)(void *instance, const tally_command *command, const tally_effects *effects,
                        const tally_error *error);
} tally_command_handler;

typedef struct tally_submission {
  uint32_t struct_size;
  uint32_t app;
  uint64_t user; /* uid of a committed user of that app, or 0 */
  tally_str name;
  tally_bytes payload; /* at most 1 MiB */
  uint32_t timeout_ms; /* 0: 10 000. At the end TALLY_TIMEOUT: the command may still be applied */
  uint32_t reserved0;
  void *answer_ctx;
  /* NULL, or called at most once with the handler's answer before submit returns. [request, job] */
  void (*answer)(void *answer_ctx, tally_bytes bytes);
} tally_submission;

typedef struct tally_commands {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* Registers a handler. [control, inside enroll] */
  tally_status (*define)(void *ctx, const tally_command_handler *handler, const tally_error *error);
  /* Sends one of your own commands and returns when its effects are committed, or it was refused. [request, job] */
  tally_status (*submit)(void *ctx, const tally_submission *submission, const tally_error *error);
} tally_commands;

/* -- Emit: "tally.emit". Items of your own into the ingest path, counted as if a device had sent them. */

typedef struct tally_record {
  uint32_t struct_size;
  uint32_t app;     /* not read in `stage`: the item's own */
  tally_str device; /* device id; in `stage` empty for the item's own */
  tally_str object; /* a JSON object, the parameters of a request: {"events":[{"key":"sent","count":1}]} */
} tally_record;

typedef struct tally_emit {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* Returns when the record is durable; it is counted soon after. [request, job, control] */
  tally_status (*send)(void *ctx, const tally_record *record, const tally_error *error);
  /* The same as an effect of the hook or command that was handed `effects`: staged, committed with the batch, and put
   * into the journal exactly once, however often the batch is replayed. A record that descends from records through
   * more than 4 hooks is dropped and counted. [hook, inside the call] */
  tally_status (*stage)(void *ctx, const tally_effects *effects, uint32_t item, const tally_record *record);
} tally_emit;

/* -- Key-value: "tally.kv". Small things only you read, outside of hooks: tokens, cursors, caches.
 *
 * Written directly and synced before the call returns; never counted, not part of the order of the journal, not
 * readable in hooks. What counts goes through commands. Keys are UTF-8 of 1 to 256 bytes below an app (0: no app),
 * values at most 65 536 bytes, all of yours at most 10 000 keys and 16 MiB. `version` changes with every write. */

typedef struct tally_kv {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* Calls visit with the value, or answers TALLY_NOT_FOUND. [request, job, control] */
  tally_status (*get)(void *ctx, uint32_t app, tally_str key, void *visit_ctx,
                      void (*visit)(void *visit_ctx, tally_bytes value, uint64_t version), const tally_error *error);
  /* `ttl_s` seconds later the key is gone; 0: never. [request, job, control] */
  tally_status (*put)(void *ctx, uint32_t app, tally_str key, tally_bytes value, uint32_t ttl_s,
                      const tally_error *error);
  /* TALLY_NOT_FOUND when there was none. [request, job, control] */
  tally_status (*remove)(void *ctx, uint32_t app, tally_str key, const tally_error *error);
  /* Writes only while the key has that version, 0 standing for "not there"; else TALLY_CONFLICT. `out_version` gets
   * the version in force afterwards, and may be NULL. [request, job, control] */
  tally_status (*compare_swap)(void *ctx, uint32_t app, tally_str key, uint64_t version, tally_bytes value,
                               uint32_t ttl_s, uint64_t *out_version, const tally_error *error);
  /* Calls visit for keys that begin with `prefix` and lie behind `after`, in order, at most `limit` and 1 000; visit
   * returns 0 to stop. [request, job, control] */
  tally_status (*scan)(void *ctx, uint32_t app, tally_str prefix, tally_str after, uint32_t limit, void *visit_ctx,
                       int32_t (*visit)(void *visit_ctx, tally_str key, tally_bytes value, uint64_t version),
                       const tally_error *error);
} tally_kv;

/* -- Jobs: "tally.jobs". Work behind the answer: on a bounded pool of threads, kept through restarts, at least once.
 *
 * A job that ends with another status than TALLY_OK, or later than its timeout, or with the process, is tried again
 * after its back-off until its retries are used up; then it is kept as failed, for seven days.
 *
 * The host cannot end your thread. A job over its time is told by is_cancelled, so ask often and wait for nothing
 * longer than you may. Until it returns no other job of its kind begins, and those of everybody else go on beside it.
 * When it has not returned some time later (a minute, unless the operator says otherwise), the plugin is quarantined:
 * drained and stopped, and not destroyed, for the sake of the call that still runs. */

typedef struct tally_job {
  uint32_t struct_size;
  uint32_t attempt; /* 1 at first */
  uint64_t id;
  int64_t now_ms;
  int64_t deadline_ms;
  tally_str name;
  tally_bytes payload;
  void *ctx;
  /* Says how much is done, of 1 000. [job] */
  void (*progress)(void *ctx, uint32_t permille);
  /* 1 when the job should end soon: cancelled, over its time, or the plugin is about to stop. [job] */
  uint32_t (*is_cancelled)(void *ctx);
} tally_job;

typedef struct tally_job_kind {
  uint32_t struct_size;
  uint32_t timeout_s; /* 0: 300; at most 86 400 */
  tally_str name;     /* as a command's */
  /* Empty: when enqueued. "every 90s", "every 5m", "every 2h", "every 1d"; "daily 03:30" in UTC. What was missed while
   * the server was down runs once at the start. */
  tally_str schedule;
  uint32_t parallel_max; /* jobs of this kind at a time; 0: 1 */
  uint32_t retries_max;  /* at most 100 */
  uint32_t backoff_s;    /* before the first retry, doubled by each, at most an hour; 0: 10 */
  uint32_t reserved0;
  /* Everything is borrowed. [job] */
  tally_status (*run)(void *instance, const tally_job *job, const tally_error *error);
} tally_job_kind;

typedef struct tally_job_order {
  uint32_t struct_size;
  int32_t priority; /* of jobs that are due the highest goes first, then the one due longest */
  tally_str name;
  tally_str key; /* not empty: while a job of that name and key waits or runs, another is TALLY_CONFLICT */
  tally_bytes payload; /* at most 65 536 bytes */
  uint32_t delay_s;
  uint32_t reserved0;
} tally_job_order;

#define TALLY_JOB_WAITING 0u
#define TALLY_JOB_RUNNING 1u
#define TALLY_JOB_DONE 2u
#define TALLY_JOB_FAILED 3u
#define TALLY_JOB_CANCELLED 4u

typedef struct tally_job_state {
  uint32_t struct_size;
  uint32_t state; /* TALLY_JOB_... */
  uint32_t attempt;
  uint32_t permille;
  int64_t due_ms;
} tally_job_state;

typedef struct tally_jobs {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* Registers a kind of job. [control, inside enroll] */
  tally_status (*define)(void *ctx, const tally_job_kind *kind, const tally_error *error);
  /* Durable when it returns. At most 10 000 of your jobs wait. `out_id` may be NULL. [request, job, control] */
  tally_status (*enqueue)(void *ctx, const tally_job_order *order, uint64_t *out_id, const tally_error *error);
  /* Takes a waiting job back, or tells a running one to end. [request, job, control] */
  tally_status (*cancel)(void *ctx, uint64_t id, const tally_error *error);
  /* What became of a job; TALLY_NOT_FOUND when it is not, or no longer, known. [request, job, control] */
  tally_status (*look)(void *ctx, uint64_t id, tally_job_state *out_state, const tally_error *error);
} tally_jobs;

/* -- HTTP: "tally.http". Requests to others: HTTP/1.1 and 2, TLS verified, connections shared by all plugins.
 *
 * Addresses that are private, loopback, link-local or of cloud metadata are refused when the connection is made, with
 * the address the name resolved to, redirects included, unless the operator has allowed them. */

typedef struct tally_http_field {
  tally_str name;
  tally_str value;
} tally_http_field;

typedef struct tally_http_request {
  uint32_t struct_size;
  uint32_t timeout_ms; /* 0: 30 000; at most 300 000 */
  tally_str method;    /* empty: "GET" */
  tally_str url;       /* http or https */
  const tally_http_field *fields;
  uint32_t n_fields;      /* at most 64 */
  uint32_t redirects_max; /* followed, at most 10; 0: the redirect is the answer */
  tally_bytes body;       /* at most 16 MiB */
  uint64_t answer_bytes_max; /* 0: 1 MiB; at most 64 MiB; a longer answer fails with TALLY_LIMIT */
} tally_http_request;

typedef struct tally_http_answer {
  uint32_t struct_size;
  int32_t failure;      /* TALLY_OK, or why there is no answer */
  uint32_t http_status; /* 200, 404, ...; 0 when there is no answer */
  uint32_t http_version; /* 11 or 20 */
  tally_bytes body;
  const tally_http_field *fields;
  uint32_t n_fields;
  uint32_t reserved0;
  tally_str reason; /* why there is no answer */
} tally_http_answer;

typedef struct tally_http {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* Begins a request. `done` is called exactly once, on a thread of the host that it must not block, also after
   * cancel and at stop(); its answer is borrowed. At most 64 of yours are under way. `out_id` may be NULL. [any] */
  tally_status (*start)(void *ctx, const tally_http_request *request, void *done_ctx,
                        void (*done)(void *done_ctx, const tally_http_answer *answer), uint64_t *out_id,
                        const tally_error *error);
  /* Ends a request early; `done` is told TALLY_GONE. [any] */
  tally_status (*cancel)(void *ctx, uint64_t id);
  /* As start, returning when `visit` was called with the answer; the status is the answer's. [request, job] */
  tally_status (*perform)(void *ctx, const tally_http_request *request, void *visit_ctx,
                          void (*visit)(void *visit_ctx, const tally_http_answer *answer), const tally_error *error);
} tally_http;

/* -- Auth: "tally.auth". Who a member is, what they may, and what they did. */

typedef struct tally_account {
  uint32_t struct_size;
  uint32_t flags; /* TALLY_ACCOUNT_... */
  tally_str id;   /* 24 hex */
  tally_str username;
  tally_str full_name;
  tally_str email;
} tally_account;

#define TALLY_ACCOUNT_GLOBAL_ADMIN 1u

typedef struct tally_auth {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* Calls visit with the member of that id, as tally_request.member has it, or answers TALLY_NOT_FOUND. [request, job,
   * control] */
  tally_status (*member)(void *ctx, tally_str member, void *visit_ctx,
                         void (*visit)(void *visit_ctx, const tally_account *account), const tally_error *error);
  /* Whether a member has TALLY_ACCESS_... to a feature of an app: TALLY_OK or TALLY_DENIED. An empty feature means your
   * own name. [request, job, control] */
  tally_status (*may)(void *ctx, tally_str member, uint32_t app, tally_str feature, uint32_t access,
                      const tally_error *error);
  /* Keeps for ever that this was done, synced before it returns: by a member, or by the plugin when `member` is empty.
   * `action` is short, as "push.sent", at most 128 bytes; `detail` at most 16 384. [request, job, control] */
  tally_status (*audit)(void *ctx, tally_str member, uint32_t app, tally_str action, tally_str detail,
                        const tally_error *error);
} tally_auth;

/* -- Metrics: "tally.metrics". Numbers about yourself at /metrics, as tally_plugin_<plugin>_<name>. */

#define TALLY_KIND_COUNTER 0u /* only grows */
#define TALLY_KIND_GAUGE 1u

typedef struct tally_metrics {
  uint32_t struct_size;
  uint32_t revision;
  void *ctx;
  /* At most 64. The name is a-z, 0-9 and "_", a counter's ends in "_total". [control, inside enroll] */
  tally_status (*define)(void *ctx, uint32_t kind, tally_str name, tally_str help, uint32_t *out_metric,
                         const tally_error *error);
  /* Adds to a counter or gauge. [any] */
  void (*add)(void *ctx, uint32_t metric, int64_t value);
  /* Sets a gauge. [any] */
  void (*set)(void *ctx, uint32_t metric, int64_t value);
} tally_metrics;

TALLY_STATIC_ASSERT(sizeof(tally_command) == 88, command_size);
TALLY_STATIC_ASSERT(sizeof(tally_command_handler) == 32, command_handler_size);
TALLY_STATIC_ASSERT(sizeof(tally_submission) == 72, submission_size);
TALLY_STATIC_ASSERT(sizeof(tally_commands) == 32, commands_size);
TALLY_STATIC_ASSERT(sizeof(tally_record) == 40, record_size);
TALLY_STATIC_ASSERT(sizeof(tally_emit) == 32, emit_size);
TALLY_STATIC_ASSERT(sizeof(tally_kv) == 56, kv_size);
TALLY_STATIC_ASSERT(sizeof(tally_job) == 88, job_size);
TALLY_STATIC_ASSERT(sizeof(tally_job_kind) == 64, job_kind_size);
TALLY_STATIC_ASSERT(sizeof(tally_job_order) == 64, job_order_size);
TALLY_STATIC_ASSERT(sizeof(tally_job_state) == 24, job_state_size);
TALLY_STATIC_ASSERT(sizeof(tally_jobs) == 48, jobs_size);
TALLY_STATIC_ASSERT(sizeof(tally_http_field) == 32, http_field_size);
TALLY_STATIC_ASSERT(sizeof(tally_http_request) == 80, http_request_size);
TALLY_STATIC_ASSERT(sizeof(tally_http_answer) == 64, http_answer_size);
TALLY_STATIC_ASSERT(sizeof(tally_http) == 40, http_size);
TALLY_STATIC_ASSERT(sizeof(tally_account) == 72, account_size);
TALLY_STATIC_ASSERT(sizeof(tally_auth) == 40, auth_size);
TALLY_STATIC_ASSERT(sizeof(tally_metrics) == 40, metrics_size);

#ifdef __cplusplus
}
#endif

#endif /* TALLY_PLUGIN_H */

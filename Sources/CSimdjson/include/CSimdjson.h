/* CSimdjson.h - builds the block a batch is (tally_plugin.h, section 2) out of parameters and JSON text.
 *
 * A `tally_json` is used again for every batch and belongs to one thread. Calls come in this order:
 *
 *   lend? · declare* · begin · (item | object, text*)* · finish
 *
 * Offsets count from the block's first byte. Node 0 is null. Nothing here fails: what cannot be taken is answered,
 * counted and left out. Pointers that are handed out are valid until the next call that adds something.
 */
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#include "tally_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Levels of nesting in one JSON text. */
#define TALLY_JSON_DEPTH_MAX 64u
/* Interned names; ids are 1 ... 4 095. */
#define TALLY_JSON_NAMES_MAX 4095u
/* Values and member names in one JSON text. */
#define TALLY_JSON_TEXT_NODES_MAX (1u << 18)
/* Values in a batch beyond which no further JSON text is taken; only one bulk request of megabytes gets there. */
#define TALLY_JSON_BATCH_NODES_MAX (1u << 21)
/* What each buffer keeps between batches; a larger one is given back. */
#define TALLY_JSON_KEPT_BYTES_MAX ((size_t)4 << 20)

/* What became of a JSON text. */
#define TALLY_JSON_OK 0
#define TALLY_JSON_REPAIRED 1 /* taken after half surrogate pairs, invalid UTF-8 or huge numbers were mended */
#define TALLY_JSON_INVALID 2  /* not JSON */
#define TALLY_JSON_LIMIT 3    /* too deep, or too many values */

typedef struct tally_json tally_json;

/* How many JSON texts came to which end since the start. */
typedef struct tally_json_counts {
  uint64_t repaired, invalid, limited;
} tally_json_counts;

tally_json *tally_json_new(void);
void tally_json_free(tally_json *json);

/* Interns a name: its id is its key index in every batch that begins from here on. 0 when there are too many. */
uint32_t tally_json_declare(tally_json *json, const void *name, size_t len);

/* Has the block of every batch that begins from here on, and fits, lie in this memory, aligned to 16. */
void tally_json_lend(tally_json *json, void *memory, size_t bytes);

/* Begins a batch; the block of the last one is gone. */
void tally_json_begin(tally_json *json);

/* Opens the object of an item's parameters and answers its node; tally_json_close ends it. */
uint32_t tally_json_open(tally_json *json);

/* Adds a parameter to the open object. A value that begins with '{' or '[', and every one with `is_json`, is parsed in
 * place; one that does not parse stays a string. */
int32_t tally_json_parameter(tally_json *json, const void *name, size_t name_len, const void *value, size_t len,
                             int32_t is_json);

void tally_json_close(tally_json *json, uint32_t node);

/* Adds an item's parameters from the text of one JSON object; members that are JSON text are parsed in place. What is
 * not an object leaves an empty one. `out_node` is the object's node. */
int32_t tally_json_object(tally_json *json, const void *text, size_t len, uint32_t *out_node);

/* Takes the blanks off both ends of every text from a node on, the last that was begun. */
void tally_json_trim(tally_json *json, uint32_t node);

/* Adds text that no node has and answers its offset. */
uint32_t tally_json_text(tally_json *json, const void *text, size_t len);

/* The block's first byte, and its nodes, while it is being built. */
const char *tally_json_block(const tally_json *json);
const tally_node *tally_json_nodes(const tally_json *json);

/* The text of a member name by its key index. */
tally_key tally_json_name(const tally_json *json, uint32_t key);

/* Whether a member with an interned name occurs in the batch. */
int32_t tally_json_contains(const tally_json *json, uint32_t id);

/* Completes the block, which is valid until the next tally_json_begin or tally_json_reopen; items and events are copied
 * into it. */
tally_batch *tally_json_finish(tally_json *json, const tally_item *items, uint32_t n_items, const tally_event *events,
                               uint32_t n_events);

/* Goes on with a block that was complete: what was appended to it stays, and more may follow. */
void tally_json_reopen(tally_json *json);

tally_json_counts tally_json_count(const tally_json *json);

/* Reads a text that is one decimal number as a whole ("+1", "007", ".5" and "5." too) into the nearest finite double.
 * 0 when it is none. */
int32_t tally_json_number(const void *text, size_t len, double *out_number);

#ifdef __cplusplus
}
#endif

#endif

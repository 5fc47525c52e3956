#include "sdk/devbroker/model_ticket.h"

#include <stdalign.h>
#include <string.h>

#include "sdk/devbroker/model_state.h"

#define BLOCK_BYTES ((size_t)992)

struct ktxn__model_block {
  alignas(KTXN__MEM_ALIGN) struct ktxn__model_block *next;
  size_t capacity;
  size_t used;
};

struct ktxn__model_ticket *ktxn__model_ticket_new(struct ktxn__model *model, int32_t node,
                                                  const struct ktxn__model_request *request, void *opaque) {
  struct ktxn__model_ticket *ticket = ktxn__model_get(&model->memory, sizeof *ticket);
  if (ticket == NULL) {
    return NULL;
  }
  uint64_t id = ++model->tickets.next_id;
  if (!ktxn__model_map_add(&model->memory, &model->tickets.by_id, id, ticket)) {
    ktxn__model_put(&model->memory, ticket, sizeof *ticket);
    return NULL;
  }
  ticket->answer.api = request->api;
  ticket->answer.version = request->version;
  ticket->answer.opaque = opaque;
  ticket->answer.ticket = id;
  ticket->node = node;
  ticket->tag = request->tag;
  ktxn__list_push_back(&model->tickets.under_way, &ticket->link);
  return ticket;
}

void ktxn__model_ticket_free(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  ktxn__model_event_clear(&model->events, &ticket->event);
  ktxn__list_remove(&ticket->link);
  ktxn__model_map_remove(&model->tickets.by_id, ticket->answer.ticket);
  while (ticket->blocks != NULL) {
    struct ktxn__model_block *next = ticket->blocks->next;
    ktxn__model_put(&model->memory, ticket->blocks, sizeof *ticket->blocks + ticket->blocks->capacity);
    ticket->blocks = next;
  }
  ktxn__model_put(&model->memory, ticket, sizeof *ticket);
}

static void make_ready(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  ktxn__list_remove(&ticket->link);
  if (ticket->forgotten) {
    ktxn__model_ticket_free(model, ticket);
  } else {
    ticket->ready = true;
    ktxn__list_push_back(&model->tickets.ready, &ticket->link);
  }
}

static void fire(struct ktxn__model *model, struct ktxn__model_event *event) {
  make_ready(model, KTXN__LIST_OF(event, struct ktxn__model_ticket, event));
}

void ktxn__model_ticket_done(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  const struct ktxn__model_fate *fate = &ticket->fate;
  ticket->abandon = NULL;
  ticket->answer.silent = ticket->answer.silent || ticket->starved || fate->mute || fate->lost;
  ticket->answer.close = ticket->answer.close || ticket->starved || fate->close;
  ticket->answer.throttle_ms = fate->throttle_ms;
  if (fate->after_us <= 0 || !ktxn__model_later(model, &ticket->event, fate->after_us, fire)) {
    make_ready(model, ticket);
  }
}

void *ktxn__model_answer_array(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int32_t count, size_t size) {
  if (count <= 0) {
    return NULL;
  }
  size_t need = ((size_t)count * size + KTXN__MEM_ALIGN - 1) / KTXN__MEM_ALIGN * KTXN__MEM_ALIGN;
  struct ktxn__model_block *block = ticket->blocks;
  if (block == NULL || need > block->capacity - block->used) {
    size_t capacity = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    block = ktxn__model_get_raw(&model->memory, sizeof *block + capacity);
    if (block == NULL) {
      ticket->starved = true;
      return NULL;
    }
    *block = (struct ktxn__model_block){.next = ticket->blocks, .capacity = capacity};
    ticket->blocks = block;
  }
  uint8_t *at = (uint8_t *)(block + 1) + block->used;
  block->used += need;
  memset(at, 0, need);
  return at;
}

const uint8_t *ktxn__model_answer_bytes(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const uint8_t *bytes,
                                        int32_t size) {
  uint8_t *copy = ktxn__model_answer_array(model, ticket, size, 1);
  if (copy != NULL) {
    memcpy(copy, bytes, (size_t)size);
  }
  return copy;
}

struct ktxn__str ktxn__model_answer_str(struct ktxn__model *model, struct ktxn__model_ticket *ticket, struct ktxn__str str) {
  if (str.len <= 0) {
    return str.len == 0 ? KTXN__STR("") : KTXN__STR_NULL;
  }
  const uint8_t *copy = ktxn__model_answer_bytes(model, ticket, (const uint8_t *)str.data, str.len);
  return copy == NULL ? KTXN__STR("") : (struct ktxn__str){.data = (const char *)copy, .len = str.len};
}

struct ktxn__model_topic_ref ktxn__model_answer_ref(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                                    struct ktxn__model_topic_ref ref) {
  ref.name = ktxn__model_answer_str(model, ticket, ref.name);
  return ref;
}

#include <stdio.h>
#include <string.h>

#include "sdk/devbroker/front_parts.h"
#include "sdk/devbroker/offer.h"

enum {
  FRAME_HEAD = 4,
  IN_ENOUGH = 256 * 1024, /* waiting bytes after which reading on can wait */
  OUT_ENOUGH = 4 * 1024 * 1024 /* unsent bytes after which no further request is begun */
};

struct ktxn__front *ktxn__front_new(const struct ktxn__front_config *config) {
  struct ktxn__front *front = ktxn__calloc(config->mem, 1, sizeof *front);
  if (front != NULL) {
    front->config = *config;
    ktxn__list_init(&front->links);
    ktxn__list_init(&front->changed);
  }
  return front;
}

void ktxn__front_free(struct ktxn__front *front) {
  if (front == NULL) {
    return;
  }
  for (struct ktxn__list *each = ktxn__list_first(&front->links); each != NULL;
       each = ktxn__list_first(&front->links)) {
    ktxn__front_close(KTXN__LIST_OF(each, struct ktxn__front_link, link));
  }
  ktxn__free(front->config.mem, front);
}

void ktxn__front_set_address(struct ktxn__front *front, int32_t node, struct ktxn__str host, int32_t port) {
  front->addresses[node] = (struct ktxn__translate_address){.host = host, .port = port};
}

struct ktxn__front_link *ktxn__front_open(struct ktxn__front *front, int32_t node, const char *client_host,
                                          void *opaque) {
  struct ktxn__front_link *link = ktxn__calloc(front->config.mem, 1, sizeof *link);
  if (link == NULL) {
    return NULL;
  }
  link->front = front;
  link->node = node;
  link->opaque = opaque;
  (void)snprintf(link->client_host, sizeof link->client_host, "/%s", client_host);
  ktxn__buffer_init(&link->in, front->config.mem, (size_t)2 * KTXN__FRONT_FRAME_MAX);
  ktxn__buffer_init(&link->frame, front->config.mem, KTXN__FRONT_FRAME_MAX);
  ktxn__buffer_init(&link->out, front->config.mem, (size_t)2 * KTXN__FRONT_WORK_MAX);
  ktxn__arena_init(&link->arena, front->config.mem, KTXN__FRONT_WORK_MAX);
  ktxn__list_push_back(&front->links, &link->link);
  ktxn__list_init(&link->changed);
  return link;
}

void ktxn__front_close(struct ktxn__front_link *link) {
  if (link->ticket != 0) {
    ktxn__model_forget(link->front->config.model, link->ticket);
  }
  ktxn__list_remove(&link->link);
  ktxn__list_remove(&link->changed);
  ktxn__buffer_free(&link->in);
  ktxn__buffer_free(&link->frame);
  ktxn__buffer_free(&link->out);
  ktxn__arena_free(&link->arena);
  ktxn__free(link->front->config.mem, link);
}

void *ktxn__front_opaque(const struct ktxn__front_link *link) {
  return link->opaque;
}

int32_t ktxn__front_node(const struct ktxn__front_link *link) {
  return link->node;
}

bool ktxn__front_broken(const struct ktxn__front_link *link) {
  return link->broken;
}

static void note_change(struct ktxn__front_link *link) {
  if (ktxn__list_empty(&link->changed)) {
    ktxn__list_push_back(&link->front->changed, &link->changed);
  }
}

static void break_link(struct ktxn__front_link *link) {
  link->broken = true;
  note_change(link);
}

/* -- one request */

/* What reads alone changes nothing that would have to survive. */
static bool changes_something(int16_t key) {
  switch (key) {
    case KTXN__MSG_FETCH:
    case KTXN__MSG_LIST_OFFSETS:
    case KTXN__MSG_OFFSET_FETCH:
    case KTXN__MSG_OFFSET_FOR_LEADER_EPOCH:
    case KTXN__MSG_API_VERSIONS:
    case KTXN__MSG_FIND_COORDINATOR:
    case KTXN__MSG_DESCRIBE_GROUPS:
    case KTXN__MSG_LIST_GROUPS:
    case KTXN__MSG_DESCRIBE_CONFIGS:
    case KTXN__MSG_DESCRIBE_CLUSTER:
    case KTXN__MSG_DESCRIBE_PRODUCERS:
    case KTXN__MSG_DESCRIBE_TRANSACTIONS:
    case KTXN__MSG_LIST_TRANSACTIONS: return false;
    default: return true;
  }
}

static bool record(struct ktxn__front_link *link, int64_t now, struct ktxn__span frame) {
  const struct ktxn__front_config *config = &link->front->config;
  return config->record == NULL || (!link->counted && !changes_something(link->request.header.key)) ||
         config->record(config->record_ctx, now, link->node, frame);
}

static struct ktxn__translate translate_of(struct ktxn__front_link *link) {
  return (struct ktxn__translate){.arena = &link->arena,
                                  .addresses = link->front->addresses,
                                  .address_count = link->front->config.nodes,
                                  .version = link->request.header.version,
                                  .request = link->request.message,
                                  .client_id = link->request.header.client_id,
                                  .client_host = ktxn__str(link->client_host)};
}

/* True: the model has it, or it is answered already. */
static bool submit(struct ktxn__front_link *link, int64_t now) {
  const int16_t key = link->request.header.key;
  if (key == KTXN__MSG_API_VERSIONS) {
    const int16_t code = ktxn__front_versions_code(link);
    if (code != 0) {
      return ktxn__front_versions_write(link, code, NULL);
    }
  } else if (!ktxn__translate_knows(key)) {
    return ktxn__front_local(link);
  }
  struct ktxn__translate translate = translate_of(link);
  struct ktxn__model_request request;
  ktxn__translate_request(&translate, key, &request);
  if (translate.starved) {
    return false;
  }
  if (link->front->config.tag != NULL) {
    request.tag = link->front->config.tag(link->opaque, link->request.header.correlation);
  }
  link->ticket = ktxn__model_submit(link->front->config.model, link->node, now, &request, link);
  return link->ticket != 0;
}

static void finish_request(struct ktxn__front_link *link) {
  link->ticket = 0;
  ktxn__arena_reset(&link->arena);
}

/* The size of the frame at the front of the input, its length included; 0 = not all of it is there. */
static size_t next_frame(struct ktxn__front_link *link) {
  const size_t there = link->in.size - link->in_start;
  if (there < FRAME_HEAD) {
    return 0;
  }
  const uint8_t *at = link->in.data + link->in_start;
  const uint32_t size = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  if (size > KTXN__FRONT_FRAME_MAX) {
    ktxn__log(link->front->config.log, KTXN__LOG_WARN, "node %d: a frame of %u bytes; the connection ends", link->node,
              size);
    break_link(link);
    return 0;
  }
  return there - FRAME_HEAD < size ? 0 : FRAME_HEAD + (size_t)size;
}

/* Takes a frame off the input, into a place of its own: an answer may be asked for what the request said, and by then the
 * input may have moved. */
static bool take_frame(struct ktxn__front_link *link, size_t size) {
  ktxn__buffer_clear(&link->frame);
  if (!ktxn__buffer_append(&link->frame, link->in.data + link->in_start + FRAME_HEAD, size - FRAME_HEAD)) {
    return false;
  }
  link->in_start += size;
  if (link->in_start == link->in.size) {
    ktxn__buffer_clear(&link->in);
    link->in_start = 0;
  } else if (link->in_start > link->in.size / 2) {
    ktxn__buffer_drop(&link->in, link->in_start);
    link->in_start = 0;
  }
  return true;
}

static bool ready_for_more(const struct ktxn__front_link *link, int64_t now) {
  return !link->broken && link->ticket == 0 && now >= link->muted_until &&
         link->out.size - link->out_start < OUT_ENOUGH;
}

static bool much_is_waiting(const struct ktxn__front_link *link) { return link->in.size - link->in_start >= IN_ENOUGH; }

/* Nothing keeps it from working on what has come, so that whatever is there is a part of one request. */
static bool idle(const struct ktxn__front_link *link, int64_t now) { return ready_for_more(link, now) && !link->waiting; }

/* How much later than now the request that was read is to be handled; a delay that is asked for counts down. */
static int64_t delay_us(struct ktxn__front_link *link) {
  struct ktxn__front *front = link->front;
  for (int32_t i = 0; i < front->delay_count; i++) {
    struct ktxn__front_delay *delay = &front->delays[i];
    if ((delay->node >= 0 && delay->node != link->node) ||
        (delay->api >= 0 && delay->api != link->request.header.key)) {
      continue;
    }
    if (delay->skip > 0) {
      delay->skip--;
      return 0;
    }
    const int64_t found = delay->delay_us;
    if (--delay->count == 0) {
      front->delay_count--;
      memmove(delay, delay + 1, (size_t)(front->delay_count - i) * sizeof *delay);
    }
    return found;
  }
  return 0;
}

/* Reads the next request. False: there is none, or the link is broken. */
static bool next_request(struct ktxn__front_link *link, int64_t now) {
  const size_t size = next_frame(link);
  if (size == 0) {
    return false;
  }
  if (!take_frame(link, size) ||
      !ktxn__front_read(link, (struct ktxn__span){.data = link->frame.data, .size = link->frame.size})) {
    break_link(link);
    return false;
  }
  link->waiting = true;
  link->counted = link->front->delay_count > 0 || ktxn__model_has_faults(link->front->config.model);
  link->held_until = now + delay_us(link);
  return true;
}

/* Hands a request over whose time has come. */
static void begin_request(struct ktxn__front_link *link, int64_t now) {
  const struct ktxn__span frame = {.data = link->frame.data, .size = link->frame.size};
  link->waiting = false;
  if (!record(link, now, frame) || !submit(link, now)) {
    break_link(link);
    return;
  }
  if (link->ticket == 0) {
    finish_request(link);
    note_change(link);
  }
}

/* Works on requests until the model has one, the next one has to wait, or none is left. */
static void work(struct ktxn__front_link *link, int64_t now) {
  while (ready_for_more(link, now) && (link->waiting || next_request(link, now)) && now >= link->held_until) {
    begin_request(link, now);
  }
  if (idle(link, now) && much_is_waiting(link)) {
    note_change(link); /* the rest of a large request may be read again */
  }
}

bool ktxn__front_add_delay(struct ktxn__front *front, const struct ktxn__front_delay *delay) {
  if (front->delay_count == KTXN__FRONT_DELAYS) {
    return false;
  }
  front->delays[front->delay_count++] = *delay;
  return true;
}

void ktxn__front_clear_delays(struct ktxn__front *front) {
  front->delay_count = 0;
}

void ktxn__front_feed(struct ktxn__front_link *link, int64_t now, struct ktxn__span bytes) {
  link->front->now = now;
  if (link->broken) {
    return;
  }
  if (!ktxn__buffer_append(&link->in, bytes.data, bytes.size)) {
    ktxn__log(link->front->config.log, KTXN__LOG_WARN, "node %d: no room for a request; the connection ends",
              link->node);
    break_link(link);
    return;
  }
  work(link, now);
}

bool ktxn__front_wants(const struct ktxn__front_link *link) {
  return !link->broken && (idle(link, link->front->now) || !much_is_waiting(link));
}

/* -- output */

struct ktxn__span ktxn__front_output(const struct ktxn__front_link *link) {
  return (struct ktxn__span){.data = link->out.size == 0 ? (const uint8_t *)"" : link->out.data + link->out_start,
                             .size = link->out.size - link->out_start};
}

void ktxn__front_sent(struct ktxn__front_link *link, int64_t now, size_t size) {
  link->front->now = now;
  link->out_start += size;
  if (link->out_start == link->out.size) {
    ktxn__buffer_clear(&link->out);
    link->out_start = 0;
  }
  work(link, now);
}

struct ktxn__front_link *ktxn__front_changed(struct ktxn__front *front) {
  struct ktxn__list *first = ktxn__list_pop(&front->changed);
  return first == NULL ? NULL : KTXN__LIST_OF(first, struct ktxn__front_link, changed);
}

/* -- answers */

static bool respond(struct ktxn__front_link *link, const struct ktxn__model_answer *answer) {
  if (answer->api == KTXN__MSG_API_VERSIONS) {
    return ktxn__front_versions_write(link, answer->code, answer);
  }
  const struct ktxn__schema *schema = link->request.api->response;
  void *response = ktxn__schema_array(schema, &link->arena, 1);
  struct ktxn__translate translate = translate_of(link);
  if (response == NULL) {
    return false;
  }
  ktxn__translate_answer(&translate, answer, response);
  return !translate.starved && ktxn__front_write(link, link->request.header.version, response);
}

static void take_answer(struct ktxn__front_link *link, int64_t now, const struct ktxn__model_answer *answer) {
  link->broken = link->broken || answer->close;
  if (!answer->silent && !respond(link, answer)) {
    ktxn__log(link->front->config.log, KTXN__LOG_WARN, "node %d: no room for an answer; the connection ends",
              link->node);
    link->broken = true;
  }
  if (answer->throttle_ms > 0) {
    link->muted_until = now + (int64_t)answer->throttle_ms * 1000;
  }
  finish_request(link);
  note_change(link);
}

static void take_answers(struct ktxn__front *front, int64_t now) {
  struct ktxn__model_answer *answer;
  while ((answer = ktxn__model_take(front->config.model)) != NULL) {
    struct ktxn__front_link *link = answer->opaque;
    if (link != NULL) {
      take_answer(link, now, answer);
    }
    ktxn__model_release(front->config.model, answer);
    if (link != NULL) {
      work(link, now);
    }
  }
}

void ktxn__front_run(struct ktxn__front *front, int64_t now) {
  front->now = now;
  ktxn__model_step(front->config.model, now);
  take_answers(front, now);
  for (struct ktxn__list *each = ktxn__list_first(&front->links); each != NULL;
       each = ktxn__list_next(&front->links, each)) {
    work(KTXN__LIST_OF(each, struct ktxn__front_link, link), now);
  }
  take_answers(front, now);
}

int64_t ktxn__front_deadline(const struct ktxn__front *front) {
  int64_t deadline = ktxn__model_deadline(front->config.model);
  for (struct ktxn__list *each = ktxn__list_first(&front->links); each != NULL;
       each = ktxn__list_next(&front->links, each)) {
    const struct ktxn__front_link *link = KTXN__LIST_OF(each, struct ktxn__front_link, link);
    const int64_t due = link->waiting && link->held_until > link->muted_until ? link->held_until : link->muted_until;
    if (due > front->now && due < deadline) {
      deadline = due;
    }
  }
  return deadline;
}

bool ktxn__front_replay(struct ktxn__front *front, int64_t now, int32_t node, struct ktxn__span frame) {
  struct ktxn__front_link *link = ktxn__front_open(front, node, "127.0.0.1", NULL);
  if (link == NULL) {
    return false;
  }
  bool good = ktxn__front_read(link, frame);
  if (good) {
    (void)delay_us(link); /* what is asked for the next n requests has had this one */
    good = submit(link, now);
  }
  ktxn__front_close(link);
  return good;
}

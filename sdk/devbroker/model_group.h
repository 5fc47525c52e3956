#ifndef KTXN_DEVBROKER_MODEL_GROUP_H
#define KTXN_DEVBROKER_MODEL_GROUP_H

/*
 * Consumer groups of the classic protocol: members join, the leader assigns, heartbeats keep them in. What their coordinator
 * knows is in its log, so it survives a move; requests that wait there don't.
 */

#include "sdk/base/list.h"
#include "sdk/devbroker/model_ticket.h"
#include "sdk/devbroker/model_topic.h"

#define KTXN__MODEL_MEMBERS_MAX 1000 /* of one group */

enum ktxn__model_group_state {
  KTXN__MODEL_GROUP_EMPTY,
  KTXN__MODEL_GROUP_PREPARING,  /* waits for members to join */
  KTXN__MODEL_GROUP_COMPLETING, /* waits for the leader's assignment */
  KTXN__MODEL_GROUP_STABLE,
};

struct ktxn__model_bytes {
  uint8_t *data;
  int32_t size;
};

struct ktxn__model_group_protocol {
  struct ktxn__str name;
  struct ktxn__model_bytes metadata;
};

struct ktxn__model_group_member {
  struct ktxn__list link; /* in the group, in the order of joining */
  struct ktxn__model_group *group;
  struct ktxn__str id;
  struct ktxn__str instance_id;
  struct ktxn__str client_id;
  struct ktxn__str client_host;
  int32_t session_timeout_ms;
  int32_t rebalance_timeout_ms;
  struct ktxn__model_group_protocol *protocols;
  int32_t protocol_count;
  int32_t protocol_room;
  bool invited;
  struct ktxn__model_bytes assignment;
  struct ktxn__model_ticket *joining; /* waits for the rebalance */
  struct ktxn__model_ticket *syncing; /* waits for the assignment */
  struct ktxn__model_event session;
};

struct ktxn__model_offset;

struct ktxn__model_group {
  struct ktxn__str id;
  struct ktxn__model_group *same_hash;
  int32_t part;
  bool deleted;
  enum ktxn__model_group_state state;
  int32_t generation;
  struct ktxn__str protocol_type; /* null = none yet */
  struct ktxn__str protocol;
  struct ktxn__list members;
  struct ktxn__list invited; /* have been given an id to join with (KIP-394) */
  int32_t member_count;
  struct ktxn__model_group_member *leader;
  uint64_t next_member;
  bool gathering; /* a group that was empty waits for more members */
  struct ktxn__model_event rebalance;
  struct ktxn__model_map offsets_by_place;
  struct ktxn__model_offset **offsets;
  int32_t offset_count;
  int32_t offset_capacity;
};

struct ktxn__model_group_part {
  struct ktxn__model_map by_hash;
  struct ktxn__model_group **list;
  int32_t count;
  int32_t capacity;
  struct ktxn__model_map pending_by_producer; /* transactions that have written offsets here */
  struct ktxn__model_event load;
};

struct ktxn__model_groups {
  struct ktxn__model_topic *topic;
  struct ktxn__model_group_part *parts;
  uint64_t next_offset; /* order of commits, and names of offsets */
};

bool ktxn__model_groups_start(struct ktxn__model *model);
bool ktxn__model_groups_loading(const struct ktxn__model *model, int32_t part);

/** 0, 14, 16, 24: does `node` coordinate this group? `*group` is NULL when it isn't known. */
int16_t ktxn__model_group_find(struct ktxn__model *model, int32_t node, struct ktxn__str id, struct ktxn__model_group **group);
struct ktxn__model_group *ktxn__model_group_of(const struct ktxn__model_group_part *part, struct ktxn__str id);
/** NULL: no memory. */
struct ktxn__model_group *ktxn__model_group_make(struct ktxn__model *model, struct ktxn__str id);
/** The node is cut off: it answers out of its memory, and can write nothing. */
bool ktxn__model_group_stale(const struct ktxn__model *model, int32_t node);

struct ktxn__model_group_member *ktxn__model_group_member(const struct ktxn__model_group *group, struct ktxn__str id);
struct ktxn__model_group_member *ktxn__model_group_invited(const struct ktxn__model_group *group, struct ktxn__str id);
struct ktxn__model_group_member *ktxn__model_group_instance(const struct ktxn__model_group *group, struct ktxn__str instance_id);
/** 0, 25 or 82: is there such a member, and does the instance id belong to it? */
int16_t ktxn__model_group_check(const struct ktxn__model_group *group, struct ktxn__str member_id, struct ktxn__str instance_id);

const char *ktxn__model_group_state_name(const struct ktxn__model_group *group);

/** The coordinator's partition changes hands. */
void ktxn__model_group_moved(struct ktxn__model *model, int32_t part, int32_t from, int32_t to);

/* The round of joining and assigning (model_rebalance.c). */

/** A new round: everybody has to join again. */
void ktxn__model_group_prepare(struct ktxn__model *model, struct ktxn__model_group *group);
/** Ends the round's first half if everybody has joined. */
void ktxn__model_group_try_complete(struct ktxn__model *model, struct ktxn__model_group *group);

/** Answers the request that the member waits with, if there is one. */
void ktxn__model_group_answer_join(struct ktxn__model *model, struct ktxn__model_group_member *member, int16_t code);
void ktxn__model_group_answer_return(struct ktxn__model *model, struct ktxn__model_group_member *member, struct ktxn__str old_id);
void ktxn__model_group_answer_sync(struct ktxn__model *model, struct ktxn__model_group_member *member, int16_t code);

/** The member is still there: its session begins anew. */
void ktxn__model_group_touch(struct ktxn__model *model, struct ktxn__model_group_member *member);
/** The member goes, with a new round for the others. */
void ktxn__model_group_remove(struct ktxn__model *model, struct ktxn__model_group_member *member);
void ktxn__model_group_drop_protocols(struct ktxn__model *model, struct ktxn__model_group_member *member);
void ktxn__model_group_member_free(struct ktxn__model *model, struct ktxn__model_group_member *member);

#endif

#ifndef KTXN_DEVBROKER_MESSAGES_MESSAGES_H
#define KTXN_DEVBROKER_MESSAGES_MESSAGES_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/cluster.h"
#include "sdk/devbroker/messages/groups.h"
#include "sdk/devbroker/messages/offsets.h"
#include "sdk/devbroker/messages/records.h"
#include "sdk/devbroker/messages/topics.h"
#include "sdk/devbroker/messages/txns.h"

/** API keys. */
enum ktxn__msg_key {
  KTXN__MSG_PRODUCE = 0,
  KTXN__MSG_FETCH = 1,
  KTXN__MSG_LIST_OFFSETS = 2,
  KTXN__MSG_METADATA = 3,
  KTXN__MSG_OFFSET_COMMIT = 8,
  KTXN__MSG_OFFSET_FETCH = 9,
  KTXN__MSG_FIND_COORDINATOR = 10,
  KTXN__MSG_JOIN_GROUP = 11,
  KTXN__MSG_HEARTBEAT = 12,
  KTXN__MSG_LEAVE_GROUP = 13,
  KTXN__MSG_SYNC_GROUP = 14,
  KTXN__MSG_DESCRIBE_GROUPS = 15,
  KTXN__MSG_LIST_GROUPS = 16,
  KTXN__MSG_API_VERSIONS = 18,
  KTXN__MSG_CREATE_TOPICS = 19,
  KTXN__MSG_DELETE_TOPICS = 20,
  KTXN__MSG_DELETE_RECORDS = 21,
  KTXN__MSG_INIT_PRODUCER_ID = 22,
  KTXN__MSG_OFFSET_FOR_LEADER_EPOCH = 23,
  KTXN__MSG_ADD_PARTITIONS_TO_TXN = 24,
  KTXN__MSG_ADD_OFFSETS_TO_TXN = 25,
  KTXN__MSG_END_TXN = 26,
  KTXN__MSG_WRITE_TXN_MARKERS = 27,
  KTXN__MSG_TXN_OFFSET_COMMIT = 28,
  KTXN__MSG_DESCRIBE_CONFIGS = 32,
  KTXN__MSG_CREATE_PARTITIONS = 37,
  KTXN__MSG_DELETE_GROUPS = 42,
  KTXN__MSG_UPDATE_FEATURES = 57,
  KTXN__MSG_DESCRIBE_CLUSTER = 60,
  KTXN__MSG_DESCRIBE_PRODUCERS = 61,
  KTXN__MSG_DESCRIBE_TRANSACTIONS = 65,
  KTXN__MSG_LIST_TRANSACTIONS = 66
};

#define KTXN__MSG_KEY_MAX 66

#endif

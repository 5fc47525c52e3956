"""Kafka's error codes under short names, and the versions that each release offers."""

NAMES = {
    -1: "UNKNOWN_SERVER_ERROR", 0: "OK", 2: "CORRUPT_MESSAGE", 3: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE", 6: "NOT_LEADER_OR_FOLLOWER", 7: "REQUEST_TIMED_OUT", 9: "REPLICA_NOT_AVAILABLE",
    10: "MESSAGE_TOO_LARGE", 12: "OFFSET_METADATA_TOO_LARGE", 13: "NETWORK_EXCEPTION",
    14: "COORDINATOR_LOAD_IN_PROGRESS", 15: "COORDINATOR_NOT_AVAILABLE", 16: "NOT_COORDINATOR",
    17: "INVALID_TOPIC_EXCEPTION", 18: "RECORD_LIST_TOO_LARGE", 19: "NOT_ENOUGH_REPLICAS",
    20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND", 21: "INVALID_REQUIRED_ACKS", 22: "ILLEGAL_GENERATION",
    24: "INVALID_GROUP_ID", 25: "UNKNOWN_MEMBER_ID", 27: "REBALANCE_IN_PROGRESS", 28: "INVALID_COMMIT_OFFSET_SIZE",
    29: "TOPIC_AUTHORIZATION_FAILED", 30: "GROUP_AUTHORIZATION_FAILED", 31: "CLUSTER_AUTHORIZATION_FAILED",
    32: "INVALID_TIMESTAMP", 35: "UNSUPPORTED_VERSION", 42: "INVALID_REQUEST", 43: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    45: "OUT_OF_ORDER_SEQUENCE_NUMBER", 46: "DUPLICATE_SEQUENCE_NUMBER", 47: "INVALID_PRODUCER_EPOCH",
    48: "INVALID_TXN_STATE", 49: "INVALID_PRODUCER_ID_MAPPING", 50: "INVALID_TRANSACTION_TIMEOUT",
    51: "CONCURRENT_TRANSACTIONS", 53: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", 55: "OPERATION_NOT_ATTEMPTED",
    56: "KAFKA_STORAGE_ERROR", 59: "UNKNOWN_PRODUCER_ID", 69: "GROUP_ID_NOT_FOUND", 74: "FENCED_LEADER_EPOCH",
    75: "UNKNOWN_LEADER_EPOCH", 76: "UNSUPPORTED_COMPRESSION_TYPE", 82: "FENCED_INSTANCE_ID", 87: "INVALID_RECORD",
    90: "PRODUCER_FENCED", 100: "UNKNOWN_TOPIC_ID", 103: "INCONSISTENT_TOPIC_ID", 105: "TRANSACTIONAL_ID_NOT_FOUND",
    113: "STALE_MEMBER_EPOCH", 120: "TRANSACTION_ABORTABLE", 129: "REBOOTSTRAP_REQUIRED",
}

globals().update({name: code for code, name in NAMES.items()})  # codes.NOT_COORDINATOR and so on

# Highest version of each API by release. Fetch (1) and ListOffsets (2) are only advertised: librdkafka takes their
# presence as the sign of the record format; the peer does not serve them.
_KEYS = (0, 1, 2, 3, 10, 18, 22, 24, 25, 26, 28, 65)
_HIGHEST = {
    "2.4": (8, 11, 5, 9, 3, 3, 2, 1, 1, 1, 2, None),
    "2.5": (8, 11, 5, 9, 3, 3, 3, 1, 1, 1, 3, None),
    "2.8": (9, 12, 6, 11, 3, 3, 4, 3, 3, 3, 3, None),
    "3.0": (9, 12, 7, 11, 4, 3, 4, 3, 3, 3, 3, 0),
    "3.9": (11, 17, 9, 12, 6, 4, 5, 5, 4, 4, 4, 0),
    "4.0": (12, 17, 10, 13, 6, 4, 5, 5, 4, 5, 5, 0),
    "4.2": (13, 18, 11, 13, 6, 4, 5, 5, 4, 5, 5, 0),
    "4.4": (13, 18, 11, 13, 6, 5, 5, 5, 4, 5, 6, 0),
}
# 4.x lists Produce from 0 although it refuses what is below 3
_LOWEST_4 = {1: 4, 2: 1}


def versions(release):
    """{api key: (lowest, highest)} as a broker of that release says."""
    lowest = _LOWEST_4 if release.startswith("4") else {}
    return {key: (lowest.get(key, 0), high) for key, high in zip(_KEYS, _HIGHEST[release]) if high is not None}


def default_level(release):
    """Finalized transaction.version of a fresh cluster."""
    return 2 if release.startswith("4") else 0

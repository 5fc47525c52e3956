#include <stdio.h>
#include <string.h>

#include "sdk/config.h"
#include "sdk/engine/broker.h"
#include "sdk/engine/sender_state.h"
#include "sdk/error.h"

/* Errors as sentences: who or what, what happened, what to do next. */

/* Codes that a change of configuration, ACL or data cures. */
static const int config_codes[] = {
    KTXN_E_MESSAGE_TOO_LARGE,          KTXN_E_INVALID_TOPIC_EXCEPTION,
    KTXN_E_RECORD_LIST_TOO_LARGE,      KTXN_E_INVALID_REQUIRED_ACKS,
    KTXN_E_TOPIC_AUTHORIZATION_FAILED, KTXN_E_GROUP_AUTHORIZATION_FAILED,
    KTXN_E_INVALID_TIMESTAMP,          KTXN_E_CLUSTER_AUTHORIZATION_FAILED,
    KTXN_E_UNSUPPORTED_VERSION,        KTXN_E_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KTXN_E_INVALID_RECORD,             KTXN_E_UNSUPPORTED_COMPRESSION_TYPE,
    KTXN_E_POLICY_VIOLATION,           KTXN_E_UNSUPPORTED_FOR_MESSAGE_FORMAT,
    KTXN_E_INVALID_TRANSACTION_TIMEOUT,
};

/* Codes after which the producer itself is of no use. */
static const int recreate_codes[] = {KTXN_E_FENCED, KTXN_E_PRODUCER_FENCED, KTXN_E_CLOSED, KTXN_E_INTERNAL,
                                     KTXN_E_INVALID_PRODUCER_ID_MAPPING};

static bool has(const int *codes, size_t count, int code) {
  for (size_t i = 0; i < count; i++) {
    if (codes[i] == code) {
      return true;
    }
  }
  return false;
}

/* What a record's callback is told to do. In a transaction a lost record means abort, unless all is over. */
enum ktxn_class ktxn__sender_class(const struct ktxn__sender *sender, int code) {
  if (has(recreate_codes, sizeof recreate_codes / sizeof recreate_codes[0], code)) {
    return KTXN_CLASS_RECREATE;
  }
  if (sender->transactional && ktxn__txn_state(sender->txn) != KTXN__TXN_FATAL_ERROR) {
    return KTXN_CLASS_ABORT;
  }
  return has(config_codes, sizeof config_codes / sizeof config_codes[0], code) ? KTXN_CLASS_CONFIG : KTXN_CLASS_RETRY;
}

static const char *advice(const struct ktxn__txn_error *cause, bool fatal) {
  if (cause->error_class == KTXN_CLASS_ABORT) {
    return "abort the transaction, then run it again";
  }
  if (cause->error_class == KTXN_CLASS_CONFIG) {
    return fatal ? "fix that and make a new producer" : "fix that and call again";
  }
  return "close this producer and make a new one";
}

static void describe_subject(struct ktxn__sender *sender, const struct ktxn__txn_error *cause, char *out, size_t size) {
  struct ktxn__queue *queue =
      cause->partition < 0 ? NULL : ktxn__accumulator_queue(sender->acc, (uint32_t)cause->partition);
  const char *id = sender->settings->transactional_id;
  if (queue != NULL) {
    snprintf(out, size, "%.100s-%d", queue->topic, queue->partition);
  } else if (cause->group >= 0 && (uint32_t)cause->group < sender->group_count) {
    snprintf(out, size, "group %.80s", sender->groups[cause->group]);
  } else if (id != NULL) {
    snprintf(out, size, "transactional.id %.80s", id);
  } else {
    snprintf(out, size, "producer %.80s", sender->settings->client_id);
  }
}

/* A fence can't always be told from the broker's own timeout. */
static const char *extra(const struct ktxn__sender *sender, const struct ktxn__txn_error *cause) {
  int64_t producer_id;
  int16_t epoch;
  int protocol;
  ktxn__txn_identity(sender->txn, &producer_id, &epoch, &protocol);
  if (cause->code != KTXN_E_FENCED) {
    return "";
  }
  if (cause->api == KTXN__TXN_API_INIT) {
    return " (or the coordinator moved)";
  }
  return protocol == 1 ? " (or transaction.timeout.ms has passed at the broker)" : "";
}

void ktxn__sender_explain(struct ktxn__sender *sender, const struct ktxn__txn_error *cause, ktxn_error *error) {
  bool fatal = ktxn__txn_state(sender->txn) == KTXN__TXN_FATAL_ERROR;
  char subject[120];
  char said[KTXN__SENDER_WHO_MAX + 80];
  describe_subject(sender, cause, subject, sizeof subject);
  said[0] = '\0';
  if (cause->broker_code != 0) {
    snprintf(said, sizeof said, "; %s said %s to %s", sender->who[0] == '\0' ? "the broker" : sender->who,
             ktxn_code_name(cause->broker_code), ktxn__txn_api_name(cause->api));
  } else if (cause->code == KTXN_E_UNSUPPORTED_VERSION && sender->missing != KTXN__TXN_API_COUNT) {
    snprintf(said, sizeof said, "; %s offers no usable version of %s", sender->who, ktxn__txn_api_name(sender->missing));
  }
  ktxn__error_set(error, cause->code, cause->error_class, "%s: %s%s%s; %s", subject, ktxn_code_text(cause->code),
                  extra(sender, cause), said, advice(cause, fatal));
  error->broker_code = cause->broker_code;
  error->fatal = fatal;
  error->outcome = cause->outcome;
}

void ktxn__sender_explain_batch(struct ktxn__sender *sender, const struct ktxn__batch *batch, int code,
                                int16_t broker_code, const char *said, ktxn_error *error) {
  const struct ktxn__queue *queue = batch->queue;
  if (broker_code == 0) {
    ktxn__error_set(error, code, ktxn__sender_class(sender, code), "%.120s-%d: %s", queue->topic, queue->partition,
                    ktxn_code_text(code));
  } else {
    ktxn__error_set(error, code, ktxn__sender_class(sender, code), "%.100s-%d: %s; %s said %s%s%.60s", queue->topic,
                    queue->partition, ktxn_code_text(code), sender->who, ktxn_code_name(broker_code),
                    said == NULL ? "" : ": ", said == NULL ? "" : said);
  }
  error->broker_code = broker_code;
}

void ktxn__sender_explain_expiry(struct ktxn__sender *sender, const struct ktxn__batch *batch, ktxn_error *error) {
  const struct ktxn__queue *queue = batch->queue;
  const char *trouble = sender->mirror.trouble; /* this thread is its only writer */
  ktxn__error_set(error, KTXN_E_DELIVERY_TIMED_OUT, ktxn__sender_class(sender, KTXN_E_DELIVERY_TIMED_OUT),
                  "%.80s-%d: not acknowledged within delivery.timeout.ms=%lld (%u attempts)%s%.100s", queue->topic,
                  queue->partition, (long long)sender->settings->delivery_timeout_ms, batch->attempts,
                  trouble[0] == '\0' ? "" : ": ", trouble);
}

void ktxn__sender_set_who(struct ktxn__sender *sender, const struct ktxn__broker *broker) {
  int32_t node = broker == NULL ? -1 : ktxn__broker_node(broker);
  if (broker == NULL) {
    sender->who[0] = '\0';
  } else if (node < 0) {
    snprintf(sender->who, sizeof sender->who, "broker %.120s", ktxn__broker_name(broker));
  } else {
    snprintf(sender->who, sizeof sender->who, "broker %d (%.120s)", node, ktxn__broker_name(broker));
  }
}

void ktxn__sender_note_retry(struct ktxn__sender *sender, const char *what, int code, const char *why) {
  char text[KTXN__SENDER_TROUBLE_MAX];
  if (code != 0) {
    snprintf(text, sizeof text, "%.80s: %.90s said %s", what, sender->who, ktxn_code_name(code));
  } else {
    snprintf(text, sizeof text, "%.80s: %.130s", what, why == NULL || why[0] == '\0' ? "no answer" : why);
  }
  ktxn__sender_set_trouble(sender, text);
}

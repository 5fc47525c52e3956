/* Two records that become visible together or not at all:  transaction BOOTSTRAP TOPIC */
#include <ktxn/ktxn.h>
#include <stdio.h>

static int book(ktxn_producer *producer, void *topic, ktxn_error *error) {
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = topic;
  record.key = "alice", record.key_size = 5, record.value = "-10", record.value_size = 3;
  if (ktxn_send(producer, &record, NULL, NULL, error)) {
    return error->code; /* run_transaction knows from the class whether to abort, to repeat or to give up */
  }
  record.key = "bob", record.key_size = 3, record.value = "+10";
  return ktxn_send(producer, &record, NULL, NULL, error);
}

int main(int argc, char **argv) {
  ktxn_error error = {0};
  ktxn_config *config = argc == 3 ? ktxn_config_new() : NULL;
  if (!config || ktxn_config_set(config, "bootstrap.servers", argv[1], &error) ||
      ktxn_config_set(config, "transactional.id", "transaction-example", &error)) {
    return fprintf(stderr, "usage: transaction BOOTSTRAP TOPIC %s\n", error.message), 2;
  }
  ktxn_producer *producer = ktxn_producer_new(config, &error);
  if (producer && !ktxn_init_transactions(producer, 30000, &error)) {
    ktxn_run_transaction(producer, book, NULL, argv[2], 60000, &error);
  }
  printf("%s: %s %s\n", error.code ? "failed" : "committed", ktxn_class_name(error.error_class), error.message);
  ktxn_free(producer);
  ktxn_config_free(config);
  return error.code != 0;
}

/* A test of somebody else's: a broker for as long as it lasts, and what could happen to it. */
#include <ktxn/devbroker.h>
#include <stdio.h>

int main(void) {
  ktxn_devbroker_options options = KTXN_DEVBROKER_OPTIONS_INIT;
  ktxn_devbroker_fault fault = KTXN_DEVBROKER_FAULT_INIT;
  ktxn_devbroker_error error = {""};
  options.nodes = 3;
  fault.request = "EndTxn";
  fault.fate = KTXN_DEVBROKER_CLOSE_AFTER;
  ktxn_devbroker *broker = ktxn_devbroker_start(&options, &error);
  if (broker == NULL || ktxn_devbroker_create_topic(broker, "orders", 4, &error) != 0 ||
      ktxn_devbroker_add_fault(broker, &fault, &error) != 0 || ktxn_devbroker_node_down(broker, 1, &error) != 0 ||
      ktxn_devbroker_node_up(broker, 1, &error) != 0 || ktxn_devbroker_move_leader(broker, "orders", 3, 2, &error) != 0) {
    printf("failed: %s\n", error.message);
    return 1;
  }
  fault.request = "Nonsense";
  if (ktxn_devbroker_add_fault(broker, &fault, &error) == 0 || ktxn_devbroker_create_topic(broker, "a b", 1, &error) == 0) {
    return 1;
  }
  printf("a broker at %s\n", ktxn_devbroker_bootstrap(broker));
  ktxn_devbroker_stop(broker);
  return 0;
}

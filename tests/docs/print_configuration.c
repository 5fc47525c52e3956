/* Prints docs/CONFIGURATION.md from the table of settings. */
#include <stdio.h>

#include "ktxn/config.h"
#include "sdk/setting.h"

static void print_default(const char *value) { printf("%s%s%s | ", value[0] ? "`" : "", value, value[0] ? "`" : ""); }

static void print_settings(void) {
  const ktxn_setting *setting;
  printf("| key | type | default | allowed | what it does |\n| --- | --- | --- | --- | --- |\n");
  for (size_t i = 0; (setting = ktxn_setting_at(i)); i++) {
    if (!setting->missing[0]) {
      printf("| `%s` | %s | ", setting->key, setting->type);
      print_default(setting->default_value);
      printf("%s | %s |\n", setting->range, setting->text);
    }
  }
}

static void print_missing(void) {
  const ktxn_setting *setting;
  printf("| key | accepted value | what this version has not | what it is |\n| --- | --- | --- | --- |\n");
  for (size_t i = 0; (setting = ktxn_setting_at(i)); i++) {
    if (setting->missing[0]) {
      printf("| `%s` | ", setting->key);
      print_default(setting->default_value);
      printf("%s | %s |\n", setting->missing, setting->text);
    }
  }
}

static void print_names(void) {
  printf("| name | here |\n| --- | --- |\n");
  for (size_t i = 0; i < ktxn__setting_name_count; i++) {
    const struct ktxn__setting_name *name = &ktxn__setting_names[i];
    if (name->key) {
      printf("| `%s` | the same as `%s` |\n", name->name, name->key);
    } else {
      printf("| `%s` | refused: %s |\n", name->name, name->hint);
    }
  }
}

int main(void) {
  printf("# Configuration\n\n"
         "Names and defaults are the Java producer's. `ktxn_config_set()` checks each value when it is set; what only\n"
         "several settings together can show is checked when the client or the producer is made. Every message names the\n"
         "setting, its value and what is allowed.\n\n"
         "This page is printed from the table in `sdk/setting_table.c` by `print_configuration`, and a test compares the\n"
         "two; `docs/HACKING.md` tells how to print it again.\n\n"
         "## Settings\n\n");
  print_settings();
  printf("\nRules between settings:\n\n"
         "* `delivery.timeout.ms` is at least `linger.ms` + `request.timeout.ms`: raised if it was not set, else an error.\n"
         "* `buffer.memory` is at least `batch.size`.\n"
         "* A maximum (`retry.backoff.max.ms`, `reconnect.backoff.max.ms`, `socket.connection.setup.timeout.max.ms`) is\n"
         "  at least its first wait; where only one of the two was set, the other one follows it.\n"
         "* A producer on a shared client needs no `bootstrap.servers`; connections are the client's.\n\n"
         "## Known, but not in this version\n\n"
         "These keys are Kafka's, so they are refused by name (`KTXN_E_NOT_AVAILABLE`) instead of being ignored. The\n"
         "value in the second column changes nothing and is accepted.\n\n");
  print_missing();
  printf("\n## Names from other clients\n\n"
         "librdkafka's names are accepted where meaning and unit are the same, and answered with a hint where they are "
         "not.\n\n");
  print_names();
  return 0;
}

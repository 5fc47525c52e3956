/* Uses an installed ktxn as any application would; talks to nobody. */
#include <stdio.h>
#include <string.h>

#include <ktxn/ktxn.h>

static int failed(const char *what, const ktxn_error *error) {
  fprintf(stderr, "%s: %s: %s\n", what, ktxn_code_name(error->code), error->message);
  return 1;
}

int main(void) {
  ktxn_error error;
  if (strcmp(ktxn_version(), KTXN_VERSION) != 0) {
    fprintf(stderr, "headers are of %s, the library is %s\n", KTXN_VERSION, ktxn_version());
    return 1;
  }
  ktxn_config *config = ktxn_config_new();
  if (ktxn_config_set(config, "bootstrap.servers", "127.0.0.1:1", &error)) {
    return failed("config", &error);
  }
  ktxn_producer *producer = ktxn_producer_new(config, &error);
  ktxn_config_free(config);
  if (!producer) {
    return failed("producer", &error);
  }
  if (ktxn_close(producer, 0, &error)) {
    return failed("close", &error);
  }
  ktxn_free(producer);
  printf("ktxn %s\n", ktxn_version());
  return 0;
}

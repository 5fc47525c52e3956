#include "sdk/engine/failure.h"

#include <string.h>

#include "sdk/base/mem.h"

struct ktxn__failure *ktxn__failure_new(struct ktxn__mem *mem, const ktxn_error *error) {
  struct ktxn__failure *failure = ktxn__alloc(mem, sizeof *failure);
  if (failure != NULL) {
    failure->refs = 1;
    failure->error = *error;
  }
  return failure;
}

bool ktxn__failure_same(const struct ktxn__failure *failure, const ktxn_error *error) {
  const ktxn_error *own = &failure->error;
  return own->code == error->code && own->error_class == error->error_class &&
         own->broker_code == error->broker_code && own->fatal == error->fatal && own->outcome == error->outcome &&
         strcmp(own->message, error->message) == 0;
}

void ktxn__failure_drop(struct ktxn__mem *mem, struct ktxn__failure *failure) {
  if (failure != NULL && --failure->refs == 0) {
    ktxn__free(mem, failure);
  }
}

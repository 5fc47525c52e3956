#include "sdk/devbroker/model_release.h"

#include <string.h>

static const struct ktxn__model_traits table[KTXN__MODEL_RELEASES] = {
    [KTXN__MODEL_2_5] = {.name = "2.5"},
    [KTXN__MODEL_2_8] = {.name = "2.8"},
    [KTXN__MODEL_3_3] = {.name = "3.3"},
    [KTXN__MODEL_3_6] = {.name = "3.6", .verifies = true},
    [KTXN__MODEL_3_9] = {.name = "3.9", .verifies = true, .verifies_offsets = true},
    [KTXN__MODEL_4_0] = {.name = "4.0",
                         .verifies = true,
                         .verifies_offsets = true,
                         .features = true,
                         .ongoing_by_epoch = true,
                         .change_first = true,
                         .defects = KTXN__MODEL_K20785 | KTXN__MODEL_K20310},
    [KTXN__MODEL_4_2] = {.name = "4.2",
                         .verifies = true,
                         .verifies_offsets = true,
                         .features = true,
                         .ongoing_by_epoch = true,
                         .change_first = true,
                         .keeps_epoch_on_timeout = true,
                         .strict_markers = true,
                         .defects = KTXN__MODEL_K20785 | KTXN__MODEL_K20310},
    [KTXN__MODEL_4_4] = {.name = "4.4",
                         .verifies = true,
                         .verifies_offsets = true,
                         .features = true,
                         .ongoing_by_epoch = true,
                         .change_first = true,
                         .keeps_epoch_on_timeout = true,
                         .strict_markers = true,
                         .defects = KTXN__MODEL_K20785},
};

const struct ktxn__model_traits *ktxn__model_traits(enum ktxn__model_release release) {
  return &table[release];
}

enum ktxn__model_release ktxn__model_release_named(const char *name) {
  for (int i = 0; i < KTXN__MODEL_RELEASES; i++) {
    if (strcmp(table[i].name, name) == 0) {
      return (enum ktxn__model_release)i;
    }
  }
  return KTXN__MODEL_RELEASES;
}

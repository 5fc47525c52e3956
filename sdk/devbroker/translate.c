#include "sdk/devbroker/translate_parts.h"

static const struct ktxn__translate_row *const tables[] = {
    ktxn__translate_records, ktxn__translate_txns,    ktxn__translate_groups,
    ktxn__translate_offsets, ktxn__translate_cluster,
};

/* Empty for a key that no table has. */
static struct ktxn__translate_row row_of(int16_t key) {
  struct ktxn__translate_row row = {NULL, NULL};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0] && key >= 0 && key <= KTXN__MSG_KEY_MAX; i++) {
    row = tables[i][key].request != NULL ? tables[i][key] : row;
  }
  return row;
}

bool ktxn__translate_knows(int16_t key) {
  return row_of(key).request != NULL;
}

void ktxn__translate_request(struct ktxn__translate *translate, int16_t key, struct ktxn__model_request *out) {
  const struct ktxn__translate_row row = row_of(key);
  memset(out, 0, sizeof *out);
  out->api = key;
  out->version = translate->version;
  if (row.request != NULL) {
    row.request(translate, out);
  }
}

void ktxn__translate_answer(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                            void *response) {
  const struct ktxn__translate_row row = row_of(answer->api);
  if (row.answer != NULL) {
    row.answer(translate, answer, response);
  }
}

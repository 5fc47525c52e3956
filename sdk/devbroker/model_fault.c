#include "sdk/devbroker/model_fault.h"

#include "sdk/devbroker/model_state.h"

bool ktxn__model_add_fault(struct ktxn__model *model, const struct ktxn__model_fault *fault) {
  struct ktxn__model_faults *faults = &model->faults;
  if (faults->count == KTXN__MODEL_FAULTS || fault->count <= 0) {
    return false;
  }
  faults->table[faults->count++] = *fault;
  return true;
}

void ktxn__model_clear_faults(struct ktxn__model *model) {
  model->faults.count = 0;
}

bool ktxn__model_has_faults(const struct ktxn__model *model) { return model->faults.count > 0; }

bool ktxn__model_set_throttle(struct ktxn__model *model, int32_t node, int16_t api, int32_t throttle_ms) {
  if (node < -1 || node >= model->config.nodes || api < -1 || api >= KTXN__MODEL_APIS || throttle_ms < 0) {
    return false;
  }
  for (int32_t i = 0; i < model->config.nodes; i++) {
    for (int16_t j = 0; j < KTXN__MODEL_APIS; j++) {
      if ((node < 0 || node == i) && (api < 0 || api == j)) {
        model->faults.throttle_ms[i][j] = throttle_ms;
      }
    }
  }
  return true;
}

static void remove_fault(struct ktxn__model_faults *faults, int32_t i) {
  for (faults->count--; i < faults->count; i++) {
    faults->table[i] = faults->table[i + 1];
  }
}

static struct ktxn__model_fate from_table(struct ktxn__model_faults *faults, int32_t node, int16_t api) {
  for (int32_t i = 0; i < faults->count; i++) {
    struct ktxn__model_fault *fault = &faults->table[i];
    if ((fault->node >= 0 && fault->node != node) || (fault->api >= 0 && fault->api != api)) {
      continue;
    }
    if (fault->skip > 0) {
      fault->skip--;
      continue;
    }
    struct ktxn__model_fate fate = fault->fate;
    if (--fault->count == 0) {
      remove_fault(faults, i);
    }
    return fate;
  }
  return (struct ktxn__model_fate){.code = 0};
}

struct ktxn__model_fate ktxn__model_fate_of(struct ktxn__model *model, int32_t node, const struct ktxn__model_request *request) {
  struct ktxn__model_fate fate = {.code = 0};
  if (model->hooks.fate != NULL) {
    model->hooks.fate(model->hooks.ctx, node, request, &fate);
  } else {
    fate = from_table(&model->faults, node, request->api);
  }
  int32_t throttle_ms = request->api >= 0 && request->api < KTXN__MODEL_APIS ? model->faults.throttle_ms[node][request->api] : 0;
  fate.throttle_ms = fate.throttle_ms > throttle_ms ? fate.throttle_ms : throttle_ms;
  return fate;
}

#include "sdk/engine/batch.h"

struct ktxn__batch *ktxn__batch_first_retry(const struct ktxn__queue *queue) {
  struct ktxn__list *link = ktxn__list_first(&queue->retries);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__batch, link);
}

struct ktxn__batch *ktxn__batch_next_retry(const struct ktxn__batch *batch) {
  struct ktxn__list *link = ktxn__list_next(&batch->queue->retries, &batch->link);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__batch, link);
}

#include "sdk/job.h"

#include "sdk/base/mem.h"
#include "sdk/driver.h"
#include "sdk/engine/sender.h"
#include "sdk/producer.h"

static struct ktxn__job *of_mail(struct ktxn__mail *mail) {
  return (struct ktxn__job *)(void *)((char *)mail - offsetof(struct ktxn__job, mail));
}

static void submit(struct ktxn__mail *mail, int64_t now_us) {
  struct ktxn__job *job = of_mail(mail);
  ktxn__sender_submit(job->producer->sender, job->op, now_us);
}

static void tell(struct ktxn__job *job) {
  job->notice.event.ordinal = job->op->ordinal;
  job->notice.event.error = job->op->error;
  ktxn__client_tell(job->producer->client, &job->notice);
}

/* What became of a transaction is told even when nobody waits for the call's result, which stays to be collected. */
static void tell_outcome(struct ktxn__job *job) {
  if (job->outcome_told || job->op->error.outcome == KTXN_OUTCOME_NONE) {
    return;
  }
  job->outcome_told = true;
  job->notice.job = NULL;
  job->notice.event.type = KTXN_EVENT_OUTCOME;
  tell(job);
}

/* On the I/O thread. */
static void ended(struct ktxn__op *op) {
  struct ktxn__job *job = op->owner;
  ktxn_client *client = job->producer->client;
  ktxn__mutex_lock(&client->lock);
  job->done = true;
  if (job->follow == KTXN__JOB_ABANDONED) {
    ktxn__job_free(job);
  } else if (job->follow == KTXN__JOB_ASYNC) {
    tell(job);
  } else {
    if (job->follow == KTXN__JOB_IDLE) {
      tell_outcome(job);
    }
    ktxn__producer_news(job->producer);
  }
  ktxn__mutex_unlock(&client->lock);
}

struct ktxn__job *ktxn__job_new(ktxn_producer *producer, enum ktxn__op_type type) {
  struct ktxn__mem *mem = producer->client->mem;
  struct ktxn__job *job = ktxn__calloc(mem, 1, sizeof *job);
  if (!job) {
    return NULL;
  }
  job->op = ktxn__op_new(mem, type);
  if (!job->op) {
    ktxn__free(mem, job);
    return NULL;
  }
  job->op->done = ended;
  job->op->owner = job;
  job->producer = producer;
  job->mail.run = submit;
  job->notice.job = job;
  job->notice.event.producer = producer;
  ktxn__list_init(&job->link);
  ktxn__list_init(&job->notice.link);
  return job;
}

void ktxn__job_free(struct ktxn__job *job) {
  if (!job) {
    return;
  }
  struct ktxn__mem *mem = job->producer->client->mem;
  ktxn__list_remove(&job->link);
  ktxn__list_remove(&job->notice.link);
  ktxn__op_free(mem, job->op);
  ktxn__free(mem, job);
}

void ktxn__job_start(struct ktxn__job *job) {
  ktxn__list_push_back(&job->producer->jobs, &job->link);
  ktxn__driver_post(job->producer->client->driver, &job->mail);
}

void ktxn__job_announce(struct ktxn__job *job, enum ktxn_event_type type, void *opaque) {
  ktxn__list_remove(&job->notice.link);
  job->follow = KTXN__JOB_ASYNC;
  job->notice.job = job;
  job->notice.event.type = type;
  job->notice.event.opaque = opaque;
  if (job->done) {
    tell(job);
  }
}

void ktxn__job_leave(struct ktxn__job *job) {
  job->follow = KTXN__JOB_IDLE;
  if (job->done) {
    tell_outcome(job);
  }
}

void ktxn__job_abandon(struct ktxn__job *job) {
  ktxn_client *client = job->producer->client;
  if (job->done) {
    ktxn__job_free(job);
    ktxn__client_settle(client);
    return;
  }
  job->follow = KTXN__JOB_ABANDONED;
}

/*
 * ktxn-drive: the public API as a line protocol. One command a line on stdin; one or more answer lines on stdout, the last
 * of which begins with "= ok" or "= error". "&TAG command" runs on a thread of its own, its lines begin with "&TAG ".
 * Ends at "quit" or at the end of input, after it has closed everything. The library's log goes to stderr.
 */
#include "tests/drive/drive.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/drive/label.h"

#define THREADS_MAX 64
#define CLOSE_MS 2000

struct job {
  struct command command;
  char *line; /* freed by the job */
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *run_job(void *argument) {
  struct job *job = argument;
  struct command *command = &job->command;
  int64_t began_ms = now_ms();
  command_run(command, job->line);
  answer_end(&command->answer, &command->error, now_ms() - began_ms, command->fields);
  answer_write(&command->answer);
  free(job->line);
  free(job);
  return NULL;
}

/* Cuts "&TAG " off the front of the line; the tag with its space goes to `tag`. */
static const char *cut_tag(const char *line, char *tag) {
  const char *space = strchr(line, ' ');
  tag[0] = '\0';
  if (*line != '&' || !space || (size_t)(space - line) + 2 > ANSWER_TAG_MAX) {
    return line;
  }
  memcpy(tag, line, (size_t)(space - line) + 1);
  tag[space - line + 1] = '\0';
  return space + 1;
}

static struct job *job_new(struct drive *drive, const char *line) {
  char tag[ANSWER_TAG_MAX];
  const char *text = cut_tag(line, tag);
  struct job *job = calloc(1, sizeof *job);
  if (job) {
    job->line = strdup(text);
  }
  if (!job || !job->line) {
    fprintf(stderr, "ktxn-drive: out of memory\n");
    exit(3);
  }
  job->command.drive = drive;
  job->command.target = drive->current;
  answer_init(&job->command.answer, tag);
  return job;
}

static void log_line(enum ktxn_log_level level, const char *text, void *opaque) {
  (void)opaque;
  static const char *const names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
  fprintf(stderr, "%s %s\n", names[level], text);
}

static void configure_log(ktxn_config *config) {
  const char *wanted = getenv("KTXN_DRIVE_LOG");
  ktxn_config_set_log(config, wanted && strcmp(wanted, "debug") == 0 ? KTXN_LOG_DEBUG : KTXN_LOG_INFO, log_line, NULL);
}

static void serve(struct drive *drive) {
  pthread_t threads[THREADS_MAX];
  size_t running = 0, room = 0;
  char *line = NULL;
  ssize_t size;
  while ((size = getline(&line, &room, stdin)) > 0) {
    if (line[size - 1] == '\n') {
      line[size - 1] = '\0';
    }
    if (strcmp(line, "quit") == 0) {
      break;
    }
    if (!*line) {
      continue;
    }
    struct job *job = job_new(drive, line);
    if (*job->command.answer.tag && running < THREADS_MAX &&
        pthread_create(&threads[running], NULL, run_job, job) == 0) {
      running++;
    } else {
      run_job(job);
    }
  }
  free(line);
  while (running) {
    pthread_join(threads[--running], NULL);
  }
}

void drive_free(struct drive *drive) {
  for (struct drive_handle *h = drive->handles; h < drive->handles + DRIVE_HANDLES; h++) {
    if (!h->producer) {
      continue;
    }
    ktxn_close(h->producer, CLOSE_MS, NULL);
    ktxn_free(h->producer);
  }
  for (struct drive_handle *h = drive->handles; h < drive->handles + DRIVE_HANDLES; h++) {
    if (h->client) {
      ktxn_client_close(h->client, CLOSE_MS, NULL);
    }
  }
  ktxn_config_free(drive->config);
}

int main(void) {
  struct drive drive = {.config = ktxn_config_new()};
  if (!drive.config) {
    return 3;
  }
  configure_log(drive.config);
  serve(&drive);
  drive_free(&drive);
  label_free_all();
  return 0;
}

#include "tests/drive/label.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktxn/ktxn.h"

#define LABEL_TEXT_MAX 40

struct label {
  struct label *next;
  char text[LABEL_TEXT_MAX];
};

struct note {
  char text[LABEL_TEXT_MAX];
  char topic[64];
  int32_t partition;
  int64_t offset;
  int code;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct label *labels;
static struct note *notes;
static size_t note_count, note_room;

void *label_new(const char *text, size_t size) {
  struct label *label = calloc(1, sizeof *label);
  if (!label) {
    return NULL;
  }
  char cut[LABEL_TEXT_MAX];
  snprintf(cut, sizeof cut, "%.*s", size < LABEL_TEXT_MAX ? (int)size : LABEL_TEXT_MAX - 1, text);
  answer_word(label->text, cut, sizeof label->text);
  pthread_mutex_lock(&lock);
  label->next = labels;
  labels = label;
  pthread_mutex_unlock(&lock);
  return label;
}

static struct note *note_new(void) {
  if (note_count == note_room) {
    size_t room = note_room ? note_room * 2 : 64;
    struct note *grown = realloc(notes, room * sizeof *notes);
    if (!grown) {
      fprintf(stderr, "ktxn-drive: out of memory\n");
      exit(3);
    }
    notes = grown;
    note_room = room;
  }
  return &notes[note_count++];
}

void label_delivered(const ktxn_delivery *delivery, void *opaque) {
  const struct label *label = opaque;
  pthread_mutex_lock(&lock);
  struct note *note = note_new();
  memcpy(note->text, label->text, sizeof note->text);
  snprintf(note->topic, sizeof note->topic, "%s", delivery->topic);
  note->partition = delivery->partition;
  note->offset = delivery->offset;
  note->code = delivery->error->code;
  pthread_mutex_unlock(&lock);
}

unsigned label_report(struct answer *answer) {
  pthread_mutex_lock(&lock);
  unsigned count = (unsigned)note_count;
  for (size_t i = 0; i < note_count; i++) {
    answer_line(answer, "delivery %s %s %" PRId32 " %" PRId64 " %s(%d)", notes[i].text, notes[i].topic,
                notes[i].partition, notes[i].offset, ktxn_code_name(notes[i].code), notes[i].code);
  }
  note_count = 0;
  pthread_mutex_unlock(&lock);
  return count;
}

void label_free_all(void) {
  while (labels) {
    struct label *next = labels->next;
    free(labels);
    labels = next;
  }
  free(notes);
  notes = NULL;
}

#ifndef KTXN_BASE_LIST_H
#define KTXN_BASE_LIST_H

/*
 * An intrusive doubly linked list. The head is a struct ktxn__list of its own; an element embeds one. An element that
 * is in no list points to itself, so that removing it twice does no harm.
 */

#include <stdbool.h>
#include <stddef.h>

struct ktxn__list {
  struct ktxn__list *next;
  struct ktxn__list *prev;
};

/** The struct that embeds `link` as its member `member`. */
#define KTXN__LIST_OF(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/** For a head and for an element that is in no list yet. */
static inline void ktxn__list_init(struct ktxn__list *list) {
  list->next = list;
  list->prev = list;
}

/** Of a head: has no elements. Of an element: is in no list. */
static inline bool ktxn__list_empty(const struct ktxn__list *list) {
  return list->next == list;
}

static inline void ktxn__list_insert_before(struct ktxn__list *at, struct ktxn__list *link) {
  link->next = at;
  link->prev = at->prev;
  at->prev->next = link;
  at->prev = link;
}

static inline void ktxn__list_push_back(struct ktxn__list *head, struct ktxn__list *link) {
  ktxn__list_insert_before(head, link);
}

static inline void ktxn__list_push_front(struct ktxn__list *head, struct ktxn__list *link) {
  ktxn__list_insert_before(head->next, link);
}

static inline void ktxn__list_remove(struct ktxn__list *link) {
  link->prev->next = link->next;
  link->next->prev = link->prev;
  ktxn__list_init(link);
}

/** NULL when the list is empty. */
static inline struct ktxn__list *ktxn__list_first(const struct ktxn__list *head) {
  return head->next == head ? NULL : head->next;
}

static inline struct ktxn__list *ktxn__list_last(const struct ktxn__list *head) {
  return head->prev == head ? NULL : head->prev;
}

/** The one behind `link`; NULL at the end. Ask before removing `link`. */
static inline struct ktxn__list *ktxn__list_next(const struct ktxn__list *head, const struct ktxn__list *link) {
  return link->next == head ? NULL : link->next;
}

/** Takes the first element off; NULL when the list is empty. */
static inline struct ktxn__list *ktxn__list_pop(struct ktxn__list *head) {
  struct ktxn__list *link = ktxn__list_first(head);
  if (link != NULL) {
    ktxn__list_remove(link);
  }
  return link;
}

/** Moves all elements of `from` behind those of `to`; `from` is empty afterwards. */
static inline void ktxn__list_splice_back(struct ktxn__list *to, struct ktxn__list *from) {
  if (ktxn__list_empty(from)) {
    return;
  }
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  ktxn__list_init(from);
}

#endif

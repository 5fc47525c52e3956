#include "sdk/bootstrap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One entry of the list, as a part of its text. */
struct entry {
  const char *host;
  size_t host_length;
  uint16_t port;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void trim(const char **start, const char **end) {
  while (*start < *end && is_blank(**start)) {
    (*start)++;
  }
  while (*start < *end && is_blank((*end)[-1])) {
    (*end)--;
  }
}

/* Takes the next entry that isn't empty off `*at`; false at the end of the list. */
static bool next_entry(const char **at, const char **start, const char **end) {
  while (**at) {
    *start = *at;
    *end = *at + strcspn(*at, ",");
    *at = **end ? *end + 1 : *end;
    trim(start, end);
    if (*start < *end) {
      return true;
    }
  }
  return false;
}

static bool parse_port(const char *text, const char *end, uint16_t *port) {
  uint32_t value = 0;
  if (text == end || end - text > 5) {
    return false;
  }
  for (; text < end; text++) {
    if (*text < '0' || *text > '9') {
      return false;
    }
    value = value * 10 + (uint32_t)(*text - '0');
  }
  *port = (uint16_t)value;
  return value >= 1 && value <= UINT16_MAX;
}

/* Not isalnum(): that one depends on the process's locale. */
static bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool host_character(char c) {
  return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
}

static const char *check_host(const char *host, size_t length, bool bracketed) {
  if (length == 0) {
    return "an entry has no host; write host:port";
  }
  if (length > KTXN__BOOTSTRAP_HOST_MAX) {
    return "a host name is longer than 255 bytes";
  }
  for (size_t i = 0; i < length; i++) {
    if (!host_character(host[i])) {
      return "a host has a character that no host name has; separate entries by commas";
    }
  }
  if (!bracketed && memchr(host, ':', length)) {
    return "an IPv6 address needs brackets: [::1]:9092";
  }
  return NULL;
}

/* Java and librdkafka allow the protocol in front of an address. */
static const char *skip_scheme(const char **start, const char *end) {
  static const char scheme[] = "PLAINTEXT://";
  size_t length = sizeof scheme - 1;
  if ((size_t)(end - *start) >= length && strncasecmp(*start, scheme, length) == 0) {
    *start += length;
    return NULL;
  }
  for (const char *c = *start; c + 2 < end; c++) {
    if (memcmp(c, "://", 3) == 0) {
      return "only PLAINTEXT:// may stand in front of an address";
    }
  }
  return NULL;
}

static const char *parse_entry(const char *start, const char *end, struct entry *entry) {
  const char *problem = skip_scheme(&start, end);
  if (problem) {
    return problem;
  }
  bool bracketed = start < end && *start == '[';
  const char *host_end = bracketed ? memchr(start, ']', (size_t)(end - start)) : NULL;
  if (bracketed && !host_end) {
    return "a [ has no ]";
  }
  if (!bracketed) {
    host_end = memrchr(start, ':', (size_t)(end - start));
  }
  const char *colon = bracketed ? host_end + 1 : host_end;
  if (!colon || colon >= end || *colon != ':') {
    return "an entry has no port; write host:port";
  }
  entry->host = bracketed ? start + 1 : start;
  entry->host_length = (size_t)(host_end - entry->host);
  problem = check_host(entry->host, entry->host_length, bracketed);
  if (!problem && !parse_port(colon + 1, end, &entry->port)) {
    problem = "a port is not a number from 1 to 65535";
  }
  return problem;
}

const char *ktxn__bootstrap_problem(const char *text) {
  size_t count = 0;
  const char *start, *end;
  while (next_entry(&text, &start, &end)) {
    struct entry entry;
    const char *problem = parse_entry(start, end, &entry);
    if (problem) {
      return problem;
    }
    if (++count > KTXN__BOOTSTRAP_SERVERS_MAX) {
      return "more than 256 servers; a few are enough, the cluster tells the others";
    }
  }
  return count > 0 ? NULL : "the list is empty; write host:port";
}

static bool add_server(struct ktxn__bootstrap *out, const struct entry *entry) {
  char *host = strndup(entry->host, entry->host_length);
  if (!host) {
    return false;
  }
  out->servers[out->count++] = (struct ktxn__bootstrap_server){.host = host, .port = entry->port};
  return true;
}

static size_t count_entries(const char *text) {
  size_t count = 0;
  const char *start, *end;
  while (next_entry(&text, &start, &end)) {
    count++;
  }
  return count;
}

bool ktxn__bootstrap_parse(const char *text, struct ktxn__bootstrap *out) {
  memset(out, 0, sizeof *out);
  out->servers = calloc(count_entries(text) + 1, sizeof *out->servers);
  if (!out->servers) {
    return false;
  }
  const char *start, *end;
  while (next_entry(&text, &start, &end)) {
    struct entry entry;
    if (parse_entry(start, end, &entry) || !add_server(out, &entry)) {
      ktxn__bootstrap_free(out);
      return false;
    }
  }
  return true;
}

void ktxn__bootstrap_free(struct ktxn__bootstrap *bootstrap) {
  for (size_t i = 0; i < bootstrap->count; i++) {
    free(bootstrap->servers[i].host);
  }
  free(bootstrap->servers);
  memset(bootstrap, 0, sizeof *bootstrap);
}

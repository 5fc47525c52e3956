#include <string.h>

#include "sdk/base/utf8.h"
#include "sdk/bootstrap.h"
#include "sdk/setting.h"

/* Kafka protocol: the length of a string that may be absent is an INT16. */
#define TEXT_MAX_BYTES INT16_MAX

static const char *text_problem(const char *text) {
  size_t size = strlen(text);
  if (size > TEXT_MAX_BYTES) {
    return "longer than 32767 bytes";
  }
  return ktxn__utf8_valid(text, size) ? NULL : "not valid UTF-8";
}

/* "" would read as "not transactional": someone who sets the key wants an id. */
static const char *transactional_id_problem(const char *text) {
  return text[0] ? text_problem(text) : "empty; leave the key out for a producer without transactions";
}

#define ROW(key, kind_, type, default_, range, field_, problem_, missing, text)                                        \
  {                                                                                                                    \
    .about = {key, type, default_, range, text, missing}, .kind = (kind_), .field = (field_), .problem = (problem_)    \
  }
#define FIELD(name) offsetof(struct ktxn__settings, name)
#define FIXED KTXN__SETTING_NO_FIELD
#define INT_MAX_MS "0..2147483647"
#define LONG_MAX_MS "0..9223372036854775807"

#define INT(key, field, default_, range, text)                                                                         \
  ROW(key, KTXN__SETTING_NUMBER, "int", default_, range, FIELD(field), NULL, "", text)
#define LONG(key, field, default_, range, text)                                                                        \
  ROW(key, KTXN__SETTING_NUMBER, "long", default_, range, FIELD(field), NULL, "", text)
#define BOOL(key, field, default_, text)                                                                               \
  ROW(key, KTXN__SETTING_BOOL, "bool", default_, "true, false", FIELD(field), NULL, "", text)
/* Known keys of something that isn't there: nothing but the default passes. */
#define NO_TEXT(key, default_, missing, text)                                                                          \
  ROW(key, KTXN__SETTING_TEXT, "string", default_, "any text", FIXED, NULL, missing, text)
#define NO_SECRET(key, missing, text)                                                                                  \
  ROW(key, KTXN__SETTING_SECRET, "password", "", "any text", FIXED, NULL, missing, text)
#define NO_BOOL(key, default_, missing, text)                                                                          \
  ROW(key, KTXN__SETTING_BOOL, "bool", default_, "true, false", FIXED, NULL, missing, text)
#define NO_NUMBER(key, default_, range, missing, text)                                                                 \
  ROW(key, KTXN__SETTING_NUMBER, "long", default_, range, FIXED, NULL, missing, text)
#define NO_FRACTION(key, default_, missing, text)                                                                      \
  ROW(key, KTXN__SETTING_DOUBLE, "double", default_, "a fraction", FIXED, NULL, missing, text)
#define NO_CHOICE(key, default_, range, missing, text)                                                                 \
  ROW(key, KTXN__SETTING_CHOICE, "enum", default_, range, FIXED, NULL, missing, text)

const struct ktxn__setting ktxn__setting_table[] = {
    /* what the producer is */
    ROW("bootstrap.servers", KTXN__SETTING_TEXT, "list", "", "host:port, [IPv6]:port, ..., up to 256", FIXED,
        ktxn__bootstrap_problem, "", "Brokers to begin with; the cluster tells the others. Required."),
    ROW("client.id", KTXN__SETTING_TEXT, "string", "", "up to 32767 bytes of UTF-8", FIELD(client_id), text_problem, "",
        "Name in the brokers' logs, metrics and quotas. Empty: producer-<transactional.id>, or producer-<n>."),
    ROW("transactional.id", KTXN__SETTING_TEXT, "string", "", "1 to 32767 bytes of UTF-8", FIELD(transactional_id),
        transactional_id_problem, "",
        "Name of the transactional producer, the same after a restart, never shared by two at a time. Empty: an "
        "idempotent producer without transactions."),
    INT("transaction.timeout.ms", transaction_timeout_ms, "60000", "1..2147483647",
        "An open transaction is aborted by the broker after this time; at most the broker's "
        "transaction.max.timeout.ms."),
    BOOL("transaction.pacing.enable", transaction_pacing, "true",
         "Hold the first records of a transaction back until the coordinator has completed the previous one, and no "
         "longer: asks it (V2) or repeats the registration soon (V1). Shortens small transactions."),
    ROW("acks", KTXN__SETTING_CHOICE, "enum", "all", "all, -1 (an idempotent producer needs every in-sync replica)",
        FIXED, NULL, "", "Acknowledgements that the leader waits for."),
    ROW("enable.idempotence", KTXN__SETTING_BOOL, "bool", "true", "true (there is no other producer here)", FIXED, NULL,
        "", "Every record is written once and in order, also when requests are repeated."),
    INT("max.in.flight.requests.per.connection", in_flight_max, "5",
        "1..5 (a broker remembers five batches per producer and partition)",
        "Produce requests under way on a connection, and batches per partition."),
    INT("retries", retries, "2147483647", "1..2147483647 (delivery.timeout.ms is the better limit)",
        "Times that a failed request is sent again."),
    /* time limits */
    INT("delivery.timeout.ms", delivery_timeout_ms, "120000", INT_MAX_MS,
        "From send to the record's fate; at least linger.ms + request.timeout.ms, raised to that if not set."),
    INT("request.timeout.ms", request_timeout_ms, "30000", "1..2147483647",
        "A broker that hasn't answered a request after this time is disconnected."),
    LONG("max.block.ms", max_block_ms, "60000", LONG_MAX_MS,
         "Limit of every blocking call without a timeout of its own, and of a send that waits for room or metadata; "
         "0: send never waits."),
    LONG("linger.ms", linger_ms, "5", LONG_MAX_MS, "How long a batch that isn't full waits for more records."),
    /* sizes */
    INT("batch.size", batch_bytes, "16384", "0..1073741824", "Bytes of a batch; 0: one record per batch."),
    LONG("buffer.memory", buffer_bytes, "33554432", LONG_MAX_MS, "Bytes of records that wait to be sent or acknowledged."),
    INT("max.request.size", request_bytes_max, "1048576", "1..1073741824", "Bytes of a record and of a request."),
    ROW("compression.type", KTXN__SETTING_CHOICE, "enum", "none", "none, gzip, snappy, lz4, zstd", FIXED, NULL,
        "compression", "Compression of batches."),
    /* waiting before something is tried again */
    LONG("retry.backoff.ms", retry_backoff_ms, "100", LONG_MAX_MS,
         "First wait before a failed request is repeated; doubled each time, with 20 % of jitter."),
    LONG("retry.backoff.max.ms", retry_backoff_max_ms, "1000", LONG_MAX_MS, "Longest of these waits."),
    LONG("reconnect.backoff.ms", reconnect_backoff_ms, "50", LONG_MAX_MS,
         "First wait before a broker is connected to again; doubled each time, with 20 % of jitter."),
    LONG("reconnect.backoff.max.ms", reconnect_backoff_max_ms, "1000", LONG_MAX_MS, "Longest of these waits."),
    /* connections */
    LONG("socket.connection.setup.timeout.ms", connection_setup_timeout_ms, "10000", "1..9223372036854775807",
         "Limit of making a connection; doubled after each failure in a row."),
    LONG("socket.connection.setup.timeout.max.ms", connection_setup_timeout_max_ms, "30000", "1..9223372036854775807",
         "Longest of these limits."),
    LONG("connections.max.idle.ms", connections_idle_max_ms, "540000", "-1..9223372036854775807",
         "An idle connection is closed after this time; -1: never."),
    INT("connections.per.broker", connections_per_broker, "1", "1..8",
        "Connections to each broker for records, and as many for all else; a client's producers are spread over them. "
        "Not a setting of Java's."),
    INT("send.buffer.bytes", send_buffer_bytes, "131072", "-1..2147483647",
        "The socket's send buffer; -1 or 0: the system's choice."),
    INT("receive.buffer.bytes", receive_buffer_bytes, "32768", "-1..2147483647",
        "The socket's receive buffer; -1 or 0: the system's choice."),
    ROW("security.protocol", KTXN__SETTING_CHOICE, "enum", "PLAINTEXT", "PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
        FIXED, NULL, "TLS and no SASL", "How brokers are talked to."),
    /* metadata */
    LONG("metadata.max.age.ms", metadata_age_max_ms, "300000", LONG_MAX_MS,
         "Leaders and partitions are asked for again after this time, even if nothing failed."),
    LONG("metadata.max.idle.ms", metadata_idle_max_ms, "300000", "5000..9223372036854775807",
         "A topic that nothing was sent to for this time is forgotten."),
    /* partitions */
    BOOL("partitioner.ignore.keys", partitioner_ignore_keys, "false",
         "Choose partitions as if no record had a key."),
    BOOL("partitioner.adaptive.partitioning.enable", partitioner_adaptive, "true",
         "Give records without a key rather to partitions whose queues are short."),
    LONG("partitioner.availability.timeout.ms", partitioner_availability_timeout_ms, "0", LONG_MAX_MS,
         "Records without a key avoid a partition that took nothing for this time; 0: off."),

    /* ---- known, but not there yet ---- */
    NO_TEXT("checkpoint.path", "", "local checkpoint", "Where the state for crash recovery is kept."),
    NO_CHOICE("checkpoint.durability", "process", "process, power", "local checkpoint", "What a checkpoint survives."),
    NO_BOOL("transaction.two.phase.commit.enable", "false", "two-phase commit", "KIP-939."),
    NO_NUMBER("compression.gzip.level", "-1", "-1..9", "compression", "Level of gzip."),
    NO_NUMBER("compression.lz4.level", "9", "1..17", "compression", "Level of LZ4."),
    NO_NUMBER("compression.zstd.level", "3", "-131072..22", "compression", "Level of Zstandard."),
    NO_CHOICE("client.dns.lookup", "use_all_dns_ips", "use_all_dns_ips, resolve_canonical_bootstrap_servers_only",
              "look-up of canonical names", "How names are resolved."),
    NO_NUMBER("bootstrap.resolve.timeout.ms", "0", LONG_MAX_MS, "limit of its own for the first name resolution",
              "KIP-909. Names are never resolved on the caller's thread here."),
    NO_CHOICE("metadata.recovery.strategy", "rebootstrap", "rebootstrap, none", "way to switch rebootstrapping off",
              "What to do when no known broker can be reached (KIP-899)."),
    NO_NUMBER("metadata.recovery.rebootstrap.trigger.ms", "", LONG_MAX_MS, "timer for rebootstrapping", "KIP-1102."),
    NO_BOOL("metadata.cluster.check.enable", "false", "check of the cluster's id", "KIP-1242."),
    NO_TEXT("client.rack", "", "rack awareness", "Rack of this client."),
    NO_BOOL("partitioner.rack.aware", "false", "rack awareness", "Prefer leaders in the client's rack (KIP-1123)."),
    NO_TEXT("partitioner.class", "", "partitioner but the built-in one (murmur2 as Java's; sticky without a key)",
            "A partitioner of the application's."),
    NO_BOOL("enable.metrics.push", "false", "metrics push", "Send metrics to the brokers (KIP-714)."),
    NO_NUMBER("metrics.sample.window.ms", "30000", LONG_MAX_MS, "sampled metrics", "Window of a metric's samples."),
    NO_NUMBER("metrics.num.samples", "2", "1..2147483647", "sampled metrics", "Samples of a metric."),
    NO_CHOICE("metrics.recording.level", "INFO", "INFO, DEBUG, TRACE", "sampled metrics", "Which metrics are taken."),
    NO_TEXT("metric.reporters", "", "Java classes", "Receivers of metrics."),
    NO_TEXT("interceptor.classes", "", "Java classes", "Interceptors."),
    NO_TEXT("key.serializer", "", "serializers: keys are bytes", "Makes bytes of keys."),
    NO_TEXT("value.serializer", "", "serializers: values are bytes", "Makes bytes of values."),
    NO_TEXT("config.providers", "", "Java classes", "Providers of settings."),
    NO_TEXT("security.providers", "", "Java classes", "Providers of cryptography."),
    NO_TEXT("ssl.protocol", "TLSv1.3", "TLS", "TLS version."),
    NO_TEXT("ssl.enabled.protocols", "TLSv1.2,TLSv1.3", "TLS", "TLS versions."),
    NO_TEXT("ssl.endpoint.identification.algorithm", "https", "TLS", "Check of the broker's name."),
    NO_TEXT("ssl.cipher.suites", "", "TLS", "Cipher suites."),
    NO_TEXT("ssl.provider", "", "TLS", "Provider of TLS."),
    NO_TEXT("ssl.keystore.type", "JKS", "TLS", "Kind of the key store."),
    NO_TEXT("ssl.keystore.location", "", "TLS", "File with the client's key."),
    NO_SECRET("ssl.keystore.password", "TLS", "Password of the key store."),
    NO_SECRET("ssl.keystore.key", "TLS", "The client's key, PEM."),
    NO_TEXT("ssl.keystore.certificate.chain", "", "TLS", "The client's certificates, PEM."),
    NO_SECRET("ssl.key.password", "TLS", "Password of the client's key."),
    NO_TEXT("ssl.truststore.type", "JKS", "TLS", "Kind of the trust store."),
    NO_TEXT("ssl.truststore.location", "", "TLS", "File with trusted certificates."),
    NO_SECRET("ssl.truststore.password", "TLS", "Password of the trust store."),
    NO_TEXT("ssl.truststore.certificates", "", "TLS", "Trusted certificates, PEM."),
    NO_TEXT("ssl.keymanager.algorithm", "", "TLS", "Java's key manager."),
    NO_TEXT("ssl.trustmanager.algorithm", "", "TLS", "Java's trust manager."),
    NO_TEXT("ssl.secure.random.implementation", "", "TLS", "Java's random numbers."),
    NO_TEXT("ssl.engine.factory.class", "", "TLS", "Java's TLS engine."),
    NO_TEXT("ssl.ca.location", "", "TLS", "File with trusted certificates, PEM (librdkafka's name)."),
    NO_TEXT("ssl.certificate.location", "", "TLS", "File with the client's certificates, PEM (librdkafka's name)."),
    NO_TEXT("ssl.key.location", "", "TLS", "File with the client's key, PEM (librdkafka's name)."),
    NO_TEXT("sasl.mechanism", "GSSAPI", "SASL", "SASL mechanism."),
    NO_TEXT("sasl.username", "", "SASL", "User (librdkafka's name)."),
    NO_SECRET("sasl.password", "SASL", "Password (librdkafka's name)."),
    NO_SECRET("sasl.jaas.config", "SASL", "Java's login settings."),
    NO_TEXT("sasl.client.callback.handler.class", "", "SASL", "Java class."),
    NO_TEXT("sasl.login.callback.handler.class", "", "SASL", "Java class."),
    NO_TEXT("sasl.login.class", "", "SASL", "Java class."),
    NO_TEXT("sasl.kerberos.service.name", "", "SASL", "The brokers' Kerberos service."),
    NO_TEXT("sasl.kerberos.kinit.cmd", "/usr/bin/kinit", "SASL", "Command that renews a ticket."),
    NO_FRACTION("sasl.kerberos.ticket.renew.window.factor", "0.8", "SASL", "When a ticket is renewed."),
    NO_FRACTION("sasl.kerberos.ticket.renew.jitter", "0.05", "SASL", "Jitter of that."),
    NO_NUMBER("sasl.kerberos.min.time.before.relogin", "60000", LONG_MAX_MS, "SASL", "Milliseconds between log-ins."),
    NO_FRACTION("sasl.login.refresh.window.factor", "0.8", "SASL", "When a token is refreshed."),
    NO_FRACTION("sasl.login.refresh.window.jitter", "0.05", "SASL", "Jitter of that."),
    NO_NUMBER("sasl.login.refresh.min.period.seconds", "60", "0..900", "SASL", "Seconds between refreshes."),
    NO_NUMBER("sasl.login.refresh.buffer.seconds", "300", "0..3600", "SASL", "Seconds before a token ends."),
    NO_NUMBER("sasl.login.connect.timeout.ms", "", LONG_MAX_MS, "SASL", "Limit of connecting to a provider."),
    NO_NUMBER("sasl.login.read.timeout.ms", "", LONG_MAX_MS, "SASL", "Limit of reading from a provider."),
    NO_NUMBER("sasl.login.retry.backoff.ms", "100", LONG_MAX_MS, "SASL", "First wait between log-ins."),
    NO_NUMBER("sasl.login.retry.backoff.max.ms", "10000", LONG_MAX_MS, "SASL", "Longest of these waits."),
    NO_TEXT("sasl.oauthbearer.token.endpoint.url", "", "SASL", "Where tokens come from."),
    NO_TEXT("sasl.oauthbearer.scope.claim.name", "scope", "SASL", "Name of the scope claim."),
    NO_TEXT("sasl.oauthbearer.sub.claim.name", "sub", "SASL", "Name of the subject claim."),
    NO_TEXT("sasl.oauthbearer.client.credentials.client.id", "", "SASL", "Id for the token endpoint."),
    NO_SECRET("sasl.oauthbearer.client.credentials.client.secret", "SASL", "Secret for the token endpoint."),
    NO_TEXT("sasl.oauthbearer.jwks.endpoint.url", "", "SASL", "Where verification keys come from."),
    NO_TEXT("sasl.oauthbearer.expected.audience", "", "SASL", "Audience that a token must have."),
    NO_TEXT("sasl.oauthbearer.expected.issuer", "", "SASL", "Issuer that a token must have."),
    NO_NUMBER("sasl.oauthbearer.clock.skew.seconds", "30", "0..2147483647", "SASL", "Tolerated difference of clocks."),
};

const size_t ktxn__setting_count = sizeof ktxn__setting_table / sizeof ktxn__setting_table[0];

#define CONSUMER "it belongs to the consumer; give it to the consumer that feeds this producer"
#define LOG "use ktxn_config_set_log()"
#define ALWAYS "it can't be changed here; leave it out"

const struct ktxn__setting_name ktxn__setting_names[] = {
    {"metadata.broker.list", "bootstrap.servers", NULL},
    {"message.max.bytes", "max.request.size", NULL},
    {"message.timeout.ms", "delivery.timeout.ms", NULL},
    {"message.send.max.retries", "retries", NULL},
    {"queue.buffering.max.ms", "linger.ms", NULL},
    {"max.in.flight", "max.in.flight.requests.per.connection", NULL},
    {"request.required.acks", "acks", NULL},
    {"compression.codec", "compression.type", NULL},
    {"socket.send.buffer.bytes", "send.buffer.bytes", NULL},
    {"socket.receive.buffer.bytes", "receive.buffer.bytes", NULL},
    {"topic.metadata.refresh.interval.ms", "metadata.max.age.ms", NULL},
    {"sasl.mechanisms", "sasl.mechanism", NULL},

    {"batch.num.messages", NULL, "batch.size limits a batch, in bytes"},
    {"queue.buffering.max.messages", NULL, "buffer.memory limits what waits, in bytes"},
    {"queue.buffering.max.kbytes", NULL, "buffer.memory limits what waits, in bytes"},
    {"socket.timeout.ms", NULL, "request.timeout.ms limits every request"},
    {"partitioner", NULL, "keys are placed as Java does (librdkafka's murmur2_random); leave it out"},
    {"sticky.partitioning.linger.ms", NULL, "a partition is kept until it got batch.size bytes; leave it out"},
    {"enable.gapless.guarantee", NULL, "transactions give more; leave it out"},
    {"queue.buffering.backpressure.threshold", NULL, ALWAYS},
    {"api.version.request", NULL, "versions are always negotiated; leave it out"},
    {"broker.version.fallback", NULL, "versions are always negotiated; leave it out"},
    {"api.version.fallback.ms", NULL, "versions are always negotiated; leave it out"},
    {"socket.nagle.disable", NULL, ALWAYS},
    {"socket.keepalive.enable", NULL, ALWAYS},
    {"broker.address.family", NULL, ALWAYS},
    {"builtin.features", NULL, ALWAYS},
    {"statistics.interval.ms", NULL, "this version has no statistics; leave it out"},
    {"debug", NULL, LOG},
    {"log_level", NULL, LOG},
    {"log.queue", NULL, LOG},
    {"delivery.report.only.error", NULL, "ktxn_send() takes a callback per record, or none"},
    {"group.id", NULL, CONSUMER},
    {"group.instance.id", NULL, CONSUMER},
    {"group.protocol", NULL, CONSUMER},
    {"enable.auto.commit", NULL, CONSUMER},
    {"enable.auto.offset.store", NULL, CONSUMER},
    {"auto.offset.reset", NULL, CONSUMER},
    {"isolation.level", NULL, CONSUMER},
    {"session.timeout.ms", NULL, CONSUMER},
    {"max.poll.interval.ms", NULL, CONSUMER},
};

const size_t ktxn__setting_name_count = sizeof ktxn__setting_names / sizeof ktxn__setting_names[0];

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.utils.Utils;

/** Headers, record batches and the hash of keys. */
final class Others {
  private static final ApiKeys[] KEYS = {ApiKeys.PRODUCE, ApiKeys.METADATA, ApiKeys.FIND_COORDINATOR,
      ApiKeys.API_VERSIONS, ApiKeys.INIT_PRODUCER_ID, ApiKeys.ADD_PARTITIONS_TO_TXN, ApiKeys.ADD_OFFSETS_TO_TXN,
      ApiKeys.END_TXN, ApiKeys.TXN_OFFSET_COMMIT, ApiKeys.DESCRIBE_TRANSACTIONS};
  private static final long TIME = 1700000000000L;

  /** The version is the API's; the case is the API's key with the client id. */
  static void headers(Golden golden) {
    for (ApiKeys key : KEYS) {
      for (short version = key.oldestVersion(); version <= key.latestVersion(false); version++) {
        for (String client : new String[] {"ktxn", "", null}) {
          RequestHeader header = new RequestHeader(key, version, client, 0x01020304);
          golden.line("request", version, key.id + ":" + client,
              Golden.bytes(header.data(), header.headerVersion()), "");
        }
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(-5);
        short headerVersion = key.responseHeaderVersion(version);
        golden.line("response", version, key.id + ":plain", Golden.bytes(header, headerVersion), "");
        if (headerVersion > 0) {
          golden.line("response", version, key.id + ":tagged", Golden.bytes(Golden.tagged(header), headerVersion), "");
        }
      }
    }
  }

  private interface Fill {
    void fill(MemoryRecordsBuilder builder);
  }

  private static void batch(Golden golden, String name, long producerId, int epoch, int sequence, boolean transactional,
      Fill fill) {
    MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), RecordBatch.MAGIC_VALUE_V2,
        Compression.NONE, TimestampType.CREATE_TIME, 0L, RecordBatch.NO_TIMESTAMP, producerId, (short) epoch, sequence,
        transactional, RecordBatch.NO_PARTITION_LEADER_EPOCH);
    fill.fill(builder);
    golden.line("batch", 2, name, builder.build().buffer(), "");
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  static void batches(Golden golden) {
    batch(golden, "one", -1, -1, -1, false, b -> b.append(TIME, bytes("key"), bytes("value")));
    batch(golden, "nulls", -1, -1, -1, false, b -> {
      b.append(TIME, (byte[]) null, (byte[]) null);
      b.append(TIME, bytes(""), bytes(""));
      b.append(TIME, (byte[]) null, bytes("value"));
      b.append(TIME, bytes("key"), (byte[]) null);
    });
    batch(golden, "times", 4000L, 3, 17, true, b -> {
      b.append(TIME, bytes("a"), bytes("b"));
      b.append(TIME - 1, bytes("a"), bytes("b"));
      b.append(TIME + 63, bytes("a"), bytes("b"));
      b.append(TIME + 64, bytes("a"), bytes("b"));
      b.append(0L, bytes("a"), bytes("b"));
      b.append(Long.MAX_VALUE, bytes("a"), bytes("b"));
    });
    batch(golden, "headers", 1L << 40, 32767, Integer.MAX_VALUE, true, b -> b.append(TIME, bytes("k"), bytes("v"),
        new Header[] {new RecordHeader("h1", bytes("x")), new RecordHeader("", bytes("")),
            new RecordHeader("h3", null), new RecordHeader("y".repeat(64), new byte[300])}));
    batch(golden, "many", 4000L, 3, 0, false, b -> {
      for (int i = 0; i < 150; i++) {
        b.append(TIME + i, new byte[i % 70], new byte[i]);
      }
    });
    batch(golden, "large", 4000L, 3, 0, false, b -> b.append(TIME, null, new byte[9000]));
  }

  /** The case is the hash in decimal, the bytes are the key. */
  static void hashes(Golden golden) {
    Random random = new Random(1);
    for (int size = 0; size < 200; size++) {
      byte[] key = new byte[size];
      random.nextBytes(key);
      golden.line("hash", 2, Integer.toString(Utils.murmur2(key)), ByteBuffer.wrap(key), "");
    }
  }

  private Others() {}
}

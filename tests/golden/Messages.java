import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.CompactArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Both directions of every request that the embedded broker knows, in every version: filled from Kafka's schema with numbers
 * that count up, so that no two fields are alike.
 */
final class Messages {
  private static final int[] KEYS = {0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 32,
      37, 42, 57, 60, 61, 65, 66};

  private final boolean full;
  private long next = 1;

  private Messages(boolean full) {
    this.full = full;
  }

  static void all(Golden golden) {
    for (int id : KEYS) {
      ApiMessageType type = ApiKeys.forId(id).messageType;
      for (short version = type.lowestSupportedVersion(); version <= type.highestSupportedVersion(true); version++) {
        both(golden, "request", id, version, type.newRequest(), type.requestSchemas()[version]);
        both(golden, "response", id, version, type.newResponse(), type.responseSchemas()[version]);
      }
    }
  }

  private static void both(Golden golden, String direction, int id, short version, Message message, Schema schema) {
    for (boolean full : new boolean[] {true, false}) {
      Struct struct = new Messages(full).struct(schema);
      ByteBuffer bytes = ByteBuffer.allocate(schema.sizeOf(struct));
      schema.write(bytes, struct);
      bytes.flip();
      message.read(new ByteBufferAccessor(bytes.duplicate()), version);
      ByteBuffer again = Golden.bytes(message, version);
      if (!again.equals(bytes)) {
        throw new IllegalStateException("two encodings of " + message);
      }
      golden.line(direction, version, id + (full ? "/full" : "/bare"), bytes, text(message));
    }
  }

  private static String text(Message message) {
    return message.toString().replaceAll("MemoryRecords\\(size=(\\d+), buffer=[^)]*\\)", "records($1)");
  }

  private Struct struct(Schema schema) {
    Struct struct = new Struct(schema);
    for (BoundField field : schema.fields()) {
      struct.set(field, value(field.def.type));
    }
    return struct;
  }

  private Object value(Type type) {
    if (type instanceof Schema) {
      return struct((Schema) type);
    }
    if (type instanceof TaggedFields) {
      return tagged((TaggedFields) type);
    }
    if (type instanceof ArrayOf || type instanceof CompactArrayOf) {
      return array(type);
    }
    return type.isNullable() && !full ? null : plain(type.toString().replace("COMPACT_", "").replace("NULLABLE_", ""));
  }

  private Object array(Type type) {
    if (!full) {
      return type.isNullable() ? null : new Object[0];
    }
    List<Object> items = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      items.add(value(type.arrayElementType().orElseThrow()));
    }
    return items.toArray();
  }

  private NavigableMap<Integer, Object> tagged(TaggedFields type) {
    NavigableMap<Integer, Object> values = new TreeMap<>();
    if (full) {
      type.fields().forEach((Integer tag, Field field) -> values.put(tag, value(field.type)));
    }
    return values;
  }

  private Object plain(String type) {
    long n = full ? next++ : 0;
    switch (type) {
      case "BOOLEAN": return full;
      case "INT8": return (byte) -n;
      case "INT16": return (short) (n << 7);
      case "INT32": return (int) (n << 23);
      case "INT64": return -(n << 47);
      case "UUID": return new Uuid(n, -n);
      case "STRING": return full ? "s" + n : "";
      case "BYTES": return ByteBuffer.wrap(full ? new byte[] {1, (byte) n} : new byte[0]);
      case "RECORDS": return MemoryRecords.readableRecords(ByteBuffer.wrap(full ? new byte[] {2, (byte) n, 3} : new byte[0]));
      default: throw new IllegalStateException(type);
    }
  }
}

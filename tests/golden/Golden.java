import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.IntFunction;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/**
 * Writes the golden files: bytes as kafka-clients' own message classes make them. One file per message, one line per
 * case: direction, version, name of the case, bytes in hex. A response's line goes on with how Kafka's class prints what
 * it reads back from those bytes, defaults of absent fields included.
 */
public final class Golden implements AutoCloseable {
  private final PrintWriter out;

  private Golden(Path directory, String name) throws IOException {
    out = new PrintWriter(Files.newBufferedWriter(directory.resolve(name + ".txt")));
    out.println("# Made by tests/golden/regenerate; don't edit.");
  }

  void line(String direction, int version, String name, ByteBuffer bytes, String text) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    String hex = copy.length == 0 ? "-" : HexFormat.of().formatHex(copy);
    out.println(direction + " " + version + " " + name + " " + hex + (text.isEmpty() ? "" : " " + text));
  }

  /** A case for the versions from `first` to `last`; `make` gets the version. */
  void request(String name, int first, int last, IntFunction<Message> make) {
    for (int version = first; version <= last; version++) {
      line("request", version, name, bytes(make.apply(version), version), "");
    }
  }

  void response(String name, int first, int last, IntFunction<Message> make) {
    for (int version = first; version <= last; version++) {
      Message message = make.apply(version);
      ByteBuffer bytes = bytes(message, version);
      message.read(new ByteBufferAccessor(bytes.duplicate()), (short) version);
      line("response", version, name, bytes, message.toString());
    }
  }

  static ByteBuffer bytes(Message message, int version) {
    return MessageUtil.toByteBufferAccessor(message, (short) version).buffer();
  }

  /** Adds fields that no version of the protocol knows. */
  static <T extends Message> T tagged(T message) {
    message.unknownTaggedFields().add(new RawTaggedField(100, new byte[] {1, 2, 3}));
    message.unknownTaggedFields().add(new RawTaggedField(20000, new byte[130]));
    return message;
  }

  @Override
  public void close() {
    out.close();
  }

  interface Cases {
    void write(Golden golden);
  }

  private static void file(Path directory, String name, Cases... cases) throws IOException {
    try (Golden golden = new Golden(directory, name)) {
      for (Cases each : cases) {
        each.write(golden);
      }
    }
  }

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    file(directory, "header", Others::headers);
    file(directory, "record_batch", Others::batches);
    file(directory, "murmur2", Others::hashes);
    file(directory, "api_versions", Requests::apiVersions, Responses::apiVersions);
    file(directory, "metadata", Requests::metadata, Responses::metadata);
    file(directory, "find_coordinator", Requests::findCoordinator, Responses::findCoordinator);
    file(directory, "init_producer_id", Requests::initProducerId, Responses::initProducerId);
    file(directory, "add_partitions_to_txn", Requests::addPartitions, Responses::addPartitions);
    file(directory, "add_offsets_to_txn", Requests::addOffsets, Responses::addOffsets);
    file(directory, "txn_offset_commit", Requests::txnOffsetCommit, Responses::txnOffsetCommit);
    file(directory, "end_txn", Requests::endTxn, Responses::endTxn);
    file(directory, "produce", Requests::produce, Responses::produce);
    file(directory, "describe_transactions", Requests::describeTransactions, Responses::describeTransactions);
    file(directory, "messages", Messages::all);
  }
}

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A transactional producer of Apache Kafka's Java client as a line protocol, for tests/late/run; the commands and answers
 * are those of late_rdkafka.c. What an exception asks for is what KafkaProducer's documentation says: fenced,
 * not authorized, illegal state: close it; timed out: the same again; all else: abort.
 */
public final class Late {
  private final KafkaProducer<String, String> producer;

  private Late(String bootstrap, String transactionalId, String deliveryMs) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("transactional.id", transactionalId);
    settings.put("delivery.timeout.ms", deliveryMs);
    settings.put("request.timeout.ms", String.valueOf(Integer.parseInt(deliveryMs) / 2));
    settings.put("linger.ms", "0");
    settings.put("key.serializer", StringSerializer.class.getName());
    settings.put("value.serializer", StringSerializer.class.getName());
    producer = new KafkaProducer<>(settings);
  }

  private void run(String line) {
    String[] words = line.split(" ");
    switch (words[0]) {
      case "init" -> producer.initTransactions();
      case "begin" -> producer.beginTransaction();
      case "send" -> producer.send(new ProducerRecord<>(words[1], 0, null, words[2]));
      case "flush" -> producer.flush();
      case "commit" -> producer.commitTransaction();
      case "abort" -> producer.abortTransaction();
      default -> throw new IllegalArgumentException("no such command");
    }
  }

  private static String asks(Exception error) {
    if (error instanceof ProducerFencedException || error instanceof AuthorizationException
        || !(error instanceof KafkaException)) {
      return "fatal";
    }
    return error instanceof TimeoutException || error instanceof RetriableException ? "retry" : "abort";
  }

  private static String text(Exception error) {
    return (error.getClass().getSimpleName() + ": " + error.getMessage()).replace('\n', ' ');
  }

  public static void main(String[] arguments) throws Exception {
    Late late = new Late(arguments[0], arguments[1], arguments[2]);
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      try {
        late.run(line);
        System.out.println("ok");
      } catch (RuntimeException error) {
        System.out.println("error " + asks(error) + " " + text(error));
      }
    }
    Runtime.getRuntime().halt(0); // as the end of a process: whatever was open is the broker's to end
  }
}

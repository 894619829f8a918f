import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends numbers from 0 on with an idempotent producer until the file STOP is there, and notes each acknowledged one. */
public final class SendNumbers {
    private static final int MOST = 20_000_000;

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        properties.put("batch.size", "8192");
        properties.put("linger.ms", "5");
        properties.put("buffer.memory", "262144");
        properties.put("max.block.ms", "120000");
        properties.put("delivery.timeout.ms", "120000");
        properties.put("request.timeout.ms", "5000");
        Path stop = Path.of(arguments[2]);
        AtomicInteger acked = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        try (PrintWriter file = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[3])));
             KafkaProducer<String, String> producer =
                 new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int number = 0; number < MOST; number++) {
                if (number % 1000 == 0 && Files.exists(stop)) break;
                int sent = number;
                producer.send(
                    new ProducerRecord<>(arguments[1], number % 3, null, number + " " + "x".repeat(number % 200)),
                    (metadata, error) -> {
                        if (error != null) {
                            failed.incrementAndGet();
                            return;
                        }
                        file.println(sent + " " + metadata.partition() + " " + metadata.offset());
                        if (acked.incrementAndGet() % 1000 == 0) say("acked " + acked.get());
                    });
            }
            producer.flush();
        }
        say("done " + acked.get() + " " + failed.get());
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}

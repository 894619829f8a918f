import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends chunks of a file, numbered by their keys, with the Java client: BOOTSTRAP TOPIC CODEC FILE FROM TO BYTES GO; the last
    quarter after the file GO is there. */
public final class TextIn {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        properties.put("compression.type", arguments[2]);
        properties.put("linger.ms", "20");
        properties.put("batch.size", "131072");
        properties.put("buffer.memory", "8388608");
        properties.put("max.block.ms", "120000");
        properties.put("delivery.timeout.ms", "120000");
        properties.put("request.timeout.ms", "5000");
        int first = Integer.parseInt(arguments[4]);
        int last = Integer.parseInt(arguments[5]);
        int size = Integer.parseInt(arguments[6]);
        Path go = Path.of(arguments[7]);
        AtomicInteger acked = new AtomicInteger();
        try (RandomAccessFile file = new RandomAccessFile(arguments[3], "r");
             KafkaProducer<String, byte[]> producer =
                 new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer())) {
            file.seek((long) first * size);
            for (int chunk = first; chunk < last; chunk++) {
                while (chunk == last - (last - first) / 4 && !Files.exists(go)) Thread.sleep(50);
                byte[] value = new byte[(int) Math.min(size, file.length() - (long) chunk * size)];
                file.readFully(value);
                producer.send(new ProducerRecord<>(arguments[1], chunk % 4, "" + chunk, value), (metadata, error) -> {
                    if (error != null) {
                        error.printStackTrace();
                        Runtime.getRuntime().halt(1);
                    }
                    if (acked.incrementAndGet() % 100 == 0) System.out.println("acked " + acked.get());
                });
            }
            producer.flush();
        }
        System.out.println("done " + acked.get());
    }
}

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One run of Apache Kafka's Java client for bench/clients.py, which says what the arguments and the settings are. */
final class JavaClient {
    private static final int PARTITIONS = 6;

    private static String bootstrap;
    private static String topic;
    private static int size;
    private static int count;
    private static int maxWaitMs;
    private static Meter meter;
    private static volatile boolean isOver;

    public static void main(String[] args) throws Exception {
        bootstrap = args[1];
        topic = args[2];
        size = Integer.parseInt(args[3]);
        meter = new Meter(Double.parseDouble(args[4]), Double.parseDouble(args[5]));
        count = Integer.parseInt(args[6]);
        maxWaitMs = Integer.parseInt(args[7]);
        switch (args[0]) {
            case "produce" -> produce();
            case "consume" -> consume();
            case "e2e" -> endToEnd();
            default -> throw new IllegalArgumentException(args[0]);
        }
        // Closing would wait for what is still buffered.
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static KafkaProducer<byte[], byte[]> newProducer(int lingerMs) {
        return new KafkaProducer<>(Map.of(
            "bootstrap.servers", bootstrap, "acks", "all", "enable.idempotence", true, "linger.ms", lingerMs,
            "batch.size", 64 << 10, "buffer.memory", 32L << 20), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static KafkaConsumer<byte[], byte[]> newConsumer() {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(Map.of(
            "bootstrap.servers", bootstrap, "enable.auto.commit", false, "check.crcs", true, "fetch.min.bytes", 1,
            "fetch.max.bytes", 50 << 20, "max.partition.fetch.bytes", 1 << 20, "max.poll.records", 5000,
            "fetch.max.wait.ms", maxWaitMs, "auto.offset.reset", "earliest"), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(allPartitions());
        return consumer;
    }

    private static List<TopicPartition> allPartitions() {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) partitions.add(new TopicPartition(topic, i));
        return partitions;
    }

    private static void produce() throws Exception {
        KafkaProducer<byte[], byte[]> producer = newProducer(5);
        byte[] value = new byte[size];
        new Random().nextBytes(value);
        do {
            for (int i = 0; i < 256; i++) producer.send(new ProducerRecord<>(topic, value));
        } while (meter.add(256));
        meter.print();
    }

    private static void consume() throws Exception {
        KafkaConsumer<byte[], byte[]> consumer = newConsumer();
        long ofTopic = 0;
        long bytes = 0;
        while (true) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
            for (ConsumerRecord<byte[], byte[]> record : records) bytes += record.value().length;
            if (!meter.add(records.count())) break;
            ofTopic += records.count();
            if (ofTopic < count) continue;
            ofTopic = 0;
            for (TopicPartition partition : allPartitions()) consumer.seek(partition, 0);
        }
        if (bytes < count) throw new IllegalStateException("the topic was not read to its end once");
        meter.print();
    }

    private static void endToEnd() throws Exception {
        KafkaConsumer<byte[], byte[]> consumer = newConsumer();
        KafkaProducer<byte[], byte[]> producer = newProducer(0);
        Thread sender = new Thread(() -> send(producer));
        sender.start();
        boolean isMore = true;
        while (isMore) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
            for (ConsumerRecord<byte[], byte[]> record : records) meter.latency(ByteBuffer.wrap(record.value()).getLong());
            isMore = meter.add(records.count());
        }
        meter.print();
        isOver = true;
        sender.join();
    }

    /** See Pacer.cs: a burst is timed from its begin, one that is late because of the one before from when it was due. */
    private static void send(KafkaProducer<byte[], byte[]> producer) {
        long tick = 1_000_000;
        long due = System.nanoTime();
        while (!isOver) {
            long now = System.nanoTime();
            boolean isLate = now > due + tick;
            while (now < due) {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException e) {
                    return;
                }
                now = System.nanoTime();
                isLate = false;
            }
            for (int i = 0; i < count / 1000; i++) {
                byte[] value = new byte[size];
                ByteBuffer.wrap(value).putLong(isLate ? due : now);
                producer.send(new ProducerRecord<>(topic, value));
            }
            due += tick;
        }
    }

    /** What the client did between the end of its warm-up and the end of its time. */
    private static final class Meter {
        private final double seconds;
        private final double warmUpSeconds;
        private final long begun = System.nanoTime();
        private volatile long startedAt;
        private double cpu;
        private long records;
        private long[] latencies = new long[1 << 16];
        private int latencyCount;

        Meter(double seconds, double warmUpSeconds) {
            this.seconds = seconds;
            this.warmUpSeconds = warmUpSeconds;
        }

        boolean add(long more) {
            long now = System.nanoTime();
            if (startedAt == 0) {
                if (more == 0 || now - begun < warmUpSeconds * 1e9) return true;
                cpu = cpu();
                startedAt = now;
                return true;
            }
            records += more;
            return records == 0 || now - startedAt < seconds * 1e9;
        }

        void latency(long sentAt) {
            if (startedAt == 0) return;
            if (latencyCount == latencies.length) latencies = Arrays.copyOf(latencies, latencyCount * 2);
            latencies[latencyCount++] = System.nanoTime() - sentAt;
        }

        void print() throws Exception {
            double elapsed = (System.nanoTime() - startedAt) / 1e9;
            double used = cpu() - cpu;
            double rss = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith("VmRSS:"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("[^0-9]", ""))).findFirst().orElse(0) / 1024.0;
            Arrays.sort(latencies, 0, latencyCount);
            System.out.printf(Locale.ROOT,
                "{\"records\":%d,\"seconds\":%.3f,\"cpu\":%.3f,\"rss\":%.0f,\"p50\":%.3f,\"p99\":%.3f}%n",
                records, elapsed, used, rss, at(0.5), at(0.99));
        }

        private double at(double share) {
            return latencyCount == 0 ? 0 : latencies[(int) (share * (latencyCount - 1))] / 1e6;
        }

        private static double cpu() {
            return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime() / 1e9;
        }
    }
}

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The Java client's part in the round trip: settings come as JSON in the first argument. */
public final class RoundTrip {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static JsonNode settings;

    public static void main(String[] arguments) throws Exception {
        settings = JSON.readTree(arguments[0]);
        String topic = settings.get("topic").asText();
        String group = settings.get("group").asText();
        try (Admin admin = Admin.create(client())) {
            admin.createTopics(List.of(new NewTopic(topic, settings.get("partitions").asInt(), (short) 1))).all().get();
            int count = produce(topic);
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(consume(topic, group, count / 2));
            records.addAll(consume(topic, group, count - records.size()));
            write(records);
            ObjectNode report = JSON.createObjectNode();
            ArrayNode topics = report.putArray("topics");
            admin.listTopics().names().get().stream().filter(topic::equals).forEach(topics::add);
            report.put("partitions",
                admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size());
            ArrayNode groups = report.putArray("groups");
            admin.listGroups().all().get().forEach(listing -> groups.add(listing.groupId()));
            System.out.println(JSON.writeValueAsString(report));
        }
    }

    private static Properties client() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", settings.get("bootstrap").asText());
        return properties;
    }

    private static int produce(String topic) throws Exception {
        Properties properties = client();
        properties.put("compression.type", settings.get("codec").asText());
        properties.put("acks", "all");
        properties.put("linger.ms", "20");
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String line : Files.readAllLines(Path.of(settings.get("input").asText()))) {
                JsonNode row = JSON.readTree(line);
                List<Header> headers = new ArrayList<>();
                row.get("h").forEach(h -> headers.add(new RecordHeader(h.get(0).asText(), unpack(h.get(1)))));
                sent.add(producer.send(new ProducerRecord<>(
                    topic, row.get("p").asInt(), unpack(row.get("k")), unpack(row.get("v")), headers)));
            }
        }
        for (Future<RecordMetadata> one : sent) one.get();
        return sent.size();
    }

    private static List<ConsumerRecord<byte[], byte[]>> consume(String topic, String group, int maximum) {
        Properties properties = client();
        properties.put("group.id", group);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        properties.put("max.poll.records", "20");
        List<ConsumerRecord<byte[], byte[]>> rows = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
            while (rows.size() < maximum && System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    if (rows.size() == maximum) break;
                    rows.add(record);
                    positions.put(new TopicPartition(topic, record.partition()),
                        new OffsetAndMetadata(record.offset() + 1));
                }
            }
            consumer.commitSync(positions);
        }
        return rows;
    }

    private static void write(List<ConsumerRecord<byte[], byte[]>> records) throws Exception {
        List<String> lines = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            ObjectNode row = JSON.createObjectNode();
            row.put("p", record.partition());
            row.put("o", record.offset());
            row.put("k", pack(record.key()));
            row.put("v", pack(record.value()));
            ArrayNode headers = row.putArray("h");
            for (Header header : record.headers()) headers.addArray().add(header.key()).add(pack(header.value()));
            lines.add(JSON.writeValueAsString(row));
        }
        Files.write(Path.of(settings.get("output").asText()), lines);
    }

    private static byte[] unpack(JsonNode text) {
        return text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    private static String pack(byte[] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }
}

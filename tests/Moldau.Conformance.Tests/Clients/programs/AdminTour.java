import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FeatureMetadata;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringSerializer;

/** Calls what the 4.4 Java admin client offers and prints one line for each answer, without what differs by run. */
public final class AdminTour {
    private static final String TOPIC = "tour";

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        try (Admin admin = Admin.create(properties)) {
            cluster(admin);
            topics(admin);
            produce(properties);
            offsets(admin);
            configs(admin);
            groups(admin);
            partitionsAndDeletion(admin);
        }
    }

    private static void cluster(Admin admin) throws Exception {
        var cluster = admin.describeCluster();
        say("cluster nodes", get(cluster.nodes()).size());
        say("cluster controller", get(cluster.controller()).id());
        say("cluster id length", get(cluster.clusterId()).length());
        FeatureMetadata features = get(admin.describeFeatures().featureMetadata());
        say("finalized features", new java.util.TreeMap<>(features.finalizedFeatures()));
        say("supported features", new java.util.TreeMap<>(features.supportedFeatures()));
        QuorumInfo quorum = get(admin.describeMetadataQuorum().quorumInfo());
        say("quorum leader", quorum.leaderId());
        say("quorum voters", quorum.voters().size());
    }

    private static void topics(Admin admin) throws Exception {
        var created = admin.createTopics(List.of(
            new NewTopic(TOPIC, 2, (short) 1).configs(Map.of("retention.ms", "123456789"))));
        get(created.all());
        say("created partitions", get(created.numPartitions(TOPIC)));
        say("created replication", get(created.replicationFactor(TOPIC)));
        say("created retention", get(created.config(TOPIC)).get("retention.ms").value());
        fails("create again", admin.createTopics(List.of(new NewTopic(TOPIC, 2, (short) 1))).all());
        fails("create with three replicas", admin.createTopics(List.of(new NewTopic("three", 1, (short) 3))).all());
        fails("create with a bad name", admin.createTopics(List.of(new NewTopic("a/b", 1, (short) 1))).all());
        fails("create with no partitions", admin.createTopics(List.of(new NewTopic("zero", 0, (short) 1))).all());
        fails("create with a bad config", admin.createTopics(List.of(
            new NewTopic("bad", 1, (short) 1).configs(Map.of("retention.ms", "soon")))).all());
        TopicDescription described = get(admin.describeTopics(List.of(TOPIC)).allTopicNames()).get(TOPIC);
        say("described partitions", described.partitions().size());
        say("described leader", described.partitions().get(0).leader().id());
        say("described isr", described.partitions().get(0).isr().size());
        say("described internal", described.isInternal());
        fails("describe unknown", admin.describeTopics(List.of("nothing")).allTopicNames());
        say("listed", get(admin.listTopics().names()).contains(TOPIC));
    }

    private static void produce(Properties properties) throws Exception {
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 10; i++) {
                producer.send(new ProducerRecord<>(TOPIC, 0, 1000L + i * 10, "key" + i, "value" + i)).get();
            }
        }
    }

    private static void offsets(Admin admin) throws Exception {
        TopicPartition first = new TopicPartition(TOPIC, 0);
        TopicPartition second = new TopicPartition(TOPIC, 1);
        say("earliest", offset(admin, first, OffsetSpec.earliest()));
        say("latest", offset(admin, first, OffsetSpec.latest()));
        say("latest of the empty one", offset(admin, second, OffsetSpec.latest()));
        say("max timestamp", offset(admin, first, OffsetSpec.maxTimestamp()));
        say("max timestamp of the empty one", offset(admin, second, OffsetSpec.maxTimestamp()));
        say("for timestamp 1035", offset(admin, first, OffsetSpec.forTimestamp(1035)));
        say("for timestamp 9999", offset(admin, first, OffsetSpec.forTimestamp(9999)));
        say("earliest local", offset(admin, first, OffsetSpec.earliestLocal()));
        say("latest tiered", offset(admin, first, OffsetSpec.latestTiered()));
        fails("offset of unknown", admin.listOffsets(
            Map.of(new TopicPartition("nothing", 0), OffsetSpec.latest())).all());
        var producers = get(admin.describeProducers(List.of(first)).partitionResult(first));
        say("active producers", producers.activeProducers().size());
        say("last sequence", producers.activeProducers().get(0).lastSequence());
        get(admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(4))).all());
        say("earliest after deletion", offset(admin, first, OffsetSpec.earliest()));
        fails("delete beyond the end", admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(40))).all());
        var directories = get(admin.describeLogDirs(List.of(1)).allDescriptions()).get(1);
        say("log directories", directories.size());
        say("replica has bytes", directories.values().iterator().next().replicaInfos().get(first).size() > 0);
    }

    private static void configs(Admin admin) throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        describe(admin, topic, "retention.ms");
        describe(admin, topic, "segment.bytes");
        describe(admin, broker, "node.id");
        describe(admin, broker, "num.network.threads");
        alter(admin, topic, "segment.bytes", "2097152", AlterConfigOp.OpType.SET);
        describe(admin, topic, "segment.bytes");
        alter(admin, topic, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND);
        describe(admin, topic, "cleanup.policy");
        alter(admin, topic, "cleanup.policy", "compact", AlterConfigOp.OpType.SUBTRACT);
        describe(admin, topic, "cleanup.policy");
        alter(admin, topic, "segment.bytes", "", AlterConfigOp.OpType.DELETE);
        describe(admin, topic, "segment.bytes");
        fails("unknown topic config", change(admin, topic, "no.such.config", "1", AlterConfigOp.OpType.SET));
        fails("bad topic config", change(admin, topic, "segment.bytes", "small", AlterConfigOp.OpType.SET));
        fails("config of an unknown topic", change(admin,
            new ConfigResource(ConfigResource.Type.TOPIC, "nothing"), "segment.bytes", "2097152",
            AlterConfigOp.OpType.SET));
        alter(admin, broker, "log.cleaner.threads", "2", AlterConfigOp.OpType.SET);
        describe(admin, broker, "log.cleaner.threads");
        alter(admin, broker, "log.cleaner.threads", "", AlterConfigOp.OpType.DELETE);
        describe(admin, broker, "log.cleaner.threads");
        fails("read-only broker config", change(admin, broker, "node.id", "7", AlterConfigOp.OpType.SET));
        say("config resources", get(admin.listConfigResources(
            Set.of(ConfigResource.Type.TOPIC), new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all())
            .stream().anyMatch(topic::equals));
    }

    private static void groups(Admin admin) throws Exception {
        TopicPartition first = new TopicPartition(TOPIC, 0);
        get(admin.alterConsumerGroupOffsets("tour-group", Map.of(first, new OffsetAndMetadata(5, "note"))).all());
        var committed = get(admin.listConsumerGroupOffsets("tour-group").partitionsToOffsetAndMetadata());
        say("committed", committed.get(first).offset() + " " + committed.get(first).metadata());
        say("group listed", get(admin.listGroups().all()).stream().anyMatch(g -> g.groupId().equals("tour-group")));
        say("group state", get(admin.describeConsumerGroups(List.of("tour-group")).all()).get("tour-group").groupState());
        fails("describe unknown group", admin.describeConsumerGroups(List.of("no-group")).all());
        get(admin.deleteConsumerGroupOffsets("tour-group", Set.of(first)).all());
        say("committed after deletion",
            get(admin.listConsumerGroupOffsets("tour-group").partitionsToOffsetAndMetadata()).get(first));
        fails("delete unknown group", admin.deleteConsumerGroups(List.of("no-group")).all());
        get(admin.alterConsumerGroupOffsets("tour-group", Map.of(first, new OffsetAndMetadata(6))).all());
        get(admin.deleteConsumerGroups(List.of("tour-group")).all());
        say("group deleted", get(admin.listGroups().all()).stream().noneMatch(g -> g.groupId().equals("tour-group")));
    }

    private static void partitionsAndDeletion(Admin admin) throws Exception {
        get(admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(5))).all());
        say("more partitions", get(admin.describeTopics(List.of(TOPIC)).allTopicNames()).get(TOPIC).partitions().size());
        fails("fewer partitions", admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(3))).all());
        fails("same partitions", admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(5))).all());
        fails("partitions of unknown", admin.createPartitions(Map.of("nothing", NewPartitions.increaseTo(3))).all());
        get(admin.deleteTopics(List.of(TOPIC)).all());
        fails("delete again", admin.deleteTopics(List.of(TOPIC)).all());
        say("gone", !get(admin.listTopics().names()).contains(TOPIC));
    }

    private static long offset(Admin admin, TopicPartition partition, OffsetSpec spec) throws Exception {
        return get(admin.listOffsets(Map.of(partition, spec)).partitionResult(partition)).offset();
    }

    private static void describe(Admin admin, ConfigResource resource, String name) throws Exception {
        Config config = get(admin.describeConfigs(List.of(resource)).all()).get(resource);
        ConfigEntry entry = config.get(name);
        say(resource.type() + " " + name,
            entry.value() + " " + entry.source() + (entry.isReadOnly() ? " read-only" : "") + " " + entry.type());
    }

    private static KafkaFuture<Void> change(
            Admin admin, ConfigResource resource, String name, String value, AlterConfigOp.OpType type) {
        return admin.incrementalAlterConfigs(
            Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), type)))).all();
    }

    private static void alter(Admin admin, ConfigResource resource, String name, String value,
            AlterConfigOp.OpType type) throws Exception {
        String before = value(admin, resource, name);
        get(change(admin, resource, name, value, type));
        say("altered " + name, type);
        // A broker applies a change after it has been acknowledged: wait until it describes another value.
        for (int i = 0; i < 100 && value(admin, resource, name).equals(before); i++) TimeUnit.MILLISECONDS.sleep(50);
    }

    private static String value(Admin admin, ConfigResource resource, String name) throws Exception {
        return get(admin.describeConfigs(List.of(resource)).all()).get(resource).get(name).value();
    }

    private static void fails(String what, KafkaFuture<?> future) throws Exception {
        try {
            future.get(30, TimeUnit.SECONDS);
            say(what, "succeeded");
        } catch (ExecutionException error) {
            say(what, error.getCause().getClass().getSimpleName());
        }
    }

    private static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static void say(String what, Object value) {
        System.out.println(what + ": " + value);
    }
}

import { load, received, records, report, settings } from './round-trip.mjs';

const { KafkaJS } = load('@confluentinc/kafka-javascript');
const { topic, group: groupId } = settings;
const kafka = new KafkaJS.Kafka({ kafkaJS: { brokers: [settings.bootstrap], logLevel: KafkaJS.logLevel.ERROR } });

const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: settings.partitions, replicationFactor: 1 }] });

const messages = records();
const producer = kafka.producer({ 'compression.codec': settings.codec, 'enable.idempotence': true, 'linger.ms': 20 });
await producer.connect();
await producer.send({ topic, messages: messages.map(m => ({ ...m, headers: Object.fromEntries(m.headers) })) });
await producer.disconnect();

async function consume(maximum) {
  const consumer = kafka.consumer({ kafkaJS: { groupId, fromBeginning: true, autoCommit: false } });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  const rows = [];
  const next = {};
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${rows.length} of ${maximum}`)), 60000);
    consumer.run({
      eachMessage: async ({ partition, message }) => {
        if (rows.length >= maximum) return;
        const headers = Object.entries(message.headers ?? {});
        rows.push({ partition, offset: message.offset, key: message.key, value: message.value, headers });
        next[partition] = Number(message.offset) + 1;
        if (rows.length === maximum) { clearTimeout(timer); resolve(); }
      },
    }).catch(reject);
  });
  await consumer.commitOffsets(
    Object.entries(next).map(([partition, offset]) => ({ topic, partition: Number(partition), offset: String(offset) })));
  await consumer.disconnect();
  return rows;
}

const first = await consume(Math.floor(messages.length / 2));
received([...first, ...await consume(messages.length - first.length)]);

const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
const described = Array.isArray(metadata) ? metadata : metadata.topics;
const groups = await admin.listGroups();
report({ topics: (await admin.listTopics()).filter(name => name === topic),
  partitions: described[0].partitions.length, groups: groups.groups.map(g => g.groupId) });
await admin.disconnect();
process.exit(0);

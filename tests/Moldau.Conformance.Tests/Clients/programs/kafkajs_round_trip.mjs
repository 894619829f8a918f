import { load, received, records, report, settings } from './round-trip.mjs';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = load('kafkajs');
CompressionCodecs[CompressionTypes.Snappy] = load('kafkajs-snappy');
// Its own lz4 plug-in writes frames with dependent blocks, which Kafka refuses.
const { lz4Compress, lz4Decompress } = await import(load.resolve('@platformatic/wasm-utils'));
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => Buffer.from(lz4Compress(encoder.buffer)),
  decompress: async buffer => Buffer.from(lz4Decompress(buffer)),
});
let zstd;
load('zstd-codec').ZstdCodec.run(binding => { zstd = new binding.Simple(); });
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => Buffer.from(zstd.compress(encoder.buffer)),
  decompress: async buffer => Buffer.from(zstd.decompress(buffer)),
});
const types = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' };

const kafka = new Kafka({ brokers: [settings.bootstrap], clientId: 'round-trip', logLevel: logLevel.ERROR });
const { topic, group: groupId } = settings;
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: settings.partitions, replicationFactor: 1 }] });

const messages = records();
const producer = kafka.producer({ allowAutoTopicCreation: false });
await producer.connect();
for (let i = 0; i < messages.length; i += 50) {
  await producer.send({
    topic,
    acks: -1,
    compression: CompressionTypes[types[settings.codec]],
    messages: messages.slice(i, i + 50).map(m => ({ ...m, headers: Object.fromEntries(m.headers) })),
  });
}
await producer.disconnect();

async function consume(maximum) {
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const rows = [];
  const next = {};
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${rows.length} of ${maximum}`)), 60000);
    consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        if (rows.length >= maximum) return;
        rows.push({ partition, offset: message.offset, key: message.key, value: message.value,
          headers: Object.entries(message.headers ?? {}) });
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
const groups = await admin.listGroups();
report({ topics: (await admin.listTopics()).filter(name => name === topic),
  partitions: metadata.topics[0].partitions.length, groups: groups.groups.map(g => g.groupId) });
await admin.disconnect();

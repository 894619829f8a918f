import { load, received, records, report, settings } from './round-trip.mjs';

// The client uses this function, which Node.js has from version 22 on.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
const { Admin, Consumer, Producer } = load('@platformatic/kafka');
const { topic, group: groupId } = settings;
const base = { clientId: 'round-trip', bootstrapBrokers: [settings.bootstrap] };

const admin = new Admin(base);
await admin.createTopics({ topics: [topic], partitions: settings.partitions, replicas: 1 });

const messages = records();
const producer = new Producer({ ...base, idempotent: true, autocreateTopics: false });
for (let i = 0; i < messages.length; i += 50) {
  await producer.send({
    acks: -1,
    compression: settings.codec,
    messages: messages.slice(i, i + 50).map(m => ({
      topic, partition: m.partition, key: m.key ?? undefined, value: m.value ?? undefined,
      headers: new Map(m.headers.map(([n, v]) => [Buffer.from(n), v])),
    })),
  });
}
await producer.close();

async function consume(maximum) {
  const consumer = new Consumer({ ...base, groupId, autocommit: false });
  const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest' });
  const rows = [];
  const next = {};
  for await (const m of stream) {
    rows.push({ partition: m.partition, offset: m.offset, key: m.key ?? null, value: m.value ?? null,
      headers: [...m.headers].map(([n, v]) => [n.toString(), v]) });
    next[m.partition] = { topic, partition: m.partition, offset: m.offset + 1n, leaderEpoch: -1 };
    if (rows.length === maximum) break;
  }
  await consumer.commit({ offsets: Object.values(next) });
  await consumer.close(true);
  return rows;
}

const first = await consume(Math.floor(messages.length / 2));
received([...first, ...await consume(messages.length - first.length)]);

const metadata = await admin.metadata({ topics: [topic] });
const groups = await admin.listGroups();
report({ topics: (await admin.listTopics()).filter(name => name === topic),
  partitions: metadata.topics.get(topic).partitionsCount, groups: [...groups.keys()] });
await admin.close();
process.exit(0);

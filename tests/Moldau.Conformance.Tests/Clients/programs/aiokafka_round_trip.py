import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from round_trip import received, records, report, settings

bootstrap, topic, group = settings["bootstrap"], settings["topic"], settings["group"]


async def consume(maximum):
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
                                enable_auto_commit=False)
    await consumer.start()
    rows = []
    try:
        async with asyncio.timeout(60):
            while len(rows) < maximum:
                got = await consumer.getmany(timeout_ms=500, max_records=maximum - len(rows))
                for batch in got.values():
                    rows += [(m.partition, m.offset, m.key, m.value, m.headers) for m in batch]
        positions = {}
        for row in rows:
            positions[TopicPartition(topic, row[0])] = row[1] + 1
        await consumer.commit(positions)
    finally:
        await consumer.stop()
    return rows


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, settings["partitions"], 1)])

    codec = None if settings["codec"] == "none" else settings["codec"]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, enable_idempotence=True,
                                linger_ms=20)
    await producer.start()
    sent = [await producer.send(topic, value=value, key=key, partition=partition, headers=headers)
            for partition, key, value, headers in records()]
    await asyncio.gather(*sent)
    await producer.stop()

    first = await consume(len(sent) // 2)
    received(settings["output"], first + await consume(len(sent) - len(first)))

    topics = await admin.list_topics()
    described = await admin.describe_topics([topic])
    groups = await admin.list_consumer_groups()
    report(topics=[t for t in topics if t == topic], partitions=len(described[0]["partitions"]),
           groups=[g[0] for g in groups])
    await admin.close()


asyncio.run(main())

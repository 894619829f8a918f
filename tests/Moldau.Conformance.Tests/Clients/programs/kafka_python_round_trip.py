import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.structs import OffsetAndMetadata
from round_trip import received, records, report, settings

bootstrap, topic, group = settings["bootstrap"], settings["topic"], settings["group"]
admin = KafkaAdminClient(bootstrap_servers=bootstrap)
admin.create_topics([NewTopic(topic, settings["partitions"], 1)])

codec = None if settings["codec"] == "none" else settings["codec"]
producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, acks="all", linger_ms=20)
sent = [producer.send(topic, value=value, key=key, partition=partition, headers=headers)
        for partition, key, value, headers in records()]
producer.flush(60)
for future in sent:
    future.get(30)
producer.close()


def consume(maximum):
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
                             enable_auto_commit=False)
    rows, deadline = [], time.monotonic() + 60
    while len(rows) < maximum and time.monotonic() < deadline:
        for batch in consumer.poll(timeout_ms=500, max_records=maximum - len(rows)).values():
            rows += [(m.partition, m.offset, m.key, m.value, m.headers) for m in batch]
    positions = {}
    for row in rows:
        positions[TopicPartition(topic, row[0])] = OffsetAndMetadata(row[1] + 1, "", -1)
    consumer.commit(positions)
    consumer.close()
    return rows


first = consume(len(sent) // 2)
received(settings["output"], first + consume(len(sent) - len(first)))

listed = admin.list_groups()
report(topics=[t for t in admin.list_topics() if t == topic],
       partitions=len(admin.describe_topics([topic])[0]["partitions"]),
       groups=[g["group_id"] if isinstance(g, dict) else g[0] for g in listed])
admin.close()

import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType
from round_trip import received, records, report, settings

bootstrap = {"bootstrap.servers": settings["bootstrap"]}
topic, group = settings["topic"], settings["group"]
admin = AdminClient(bootstrap)
admin.create_topics([NewTopic(topic, settings["partitions"], 1)])[topic].result(30)

failures = []
producer = Producer({**bootstrap, "compression.type": settings["codec"], "enable.idempotence": True, "linger.ms": 20})
count = 0
for partition, key, value, headers in records():
    producer.produce(topic, value, key, partition, headers=headers,
                     on_delivery=lambda error, _: failures.append(str(error)) if error else None)
    count += 1
assert producer.flush(60) == 0 and not failures, failures


def consume(maximum):
    consumer = Consumer({**bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                         "check.crcs": True})
    consumer.subscribe([topic])
    rows, deadline = [], time.monotonic() + 60
    while len(rows) < maximum and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None:
            continue
        assert message.error() is None, message.error()
        rows.append((message.partition(), message.offset(), message.key(), message.value(), message.headers()))
    positions = {}
    for row in rows:
        positions[row[0]] = row[1] + 1
    consumer.commit(offsets=[TopicPartition(topic, p, o) for p, o in positions.items()], asynchronous=False)
    consumer.close()
    return rows


first = consume(count // 2)
received(settings["output"], first + consume(count - len(first)))

metadata = admin.list_topics(timeout=30)
described = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)])
configs = list(described.values())[0].result(30)
groups = admin.list_consumer_groups().result(30)
one = admin.describe_consumer_groups([group])[group].result(30)
report(topics=[topic] if topic in metadata.topics else [],
       partitions=len(metadata.topics[topic].partitions),
       groups=[g.group_id for g in groups.valid],
       state=one.state.name,
       retention=configs["retention.ms"].value)

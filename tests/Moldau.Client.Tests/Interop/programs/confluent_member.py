from confluent_kafka import Consumer
from member import bootstrap, ended, group, strategy, tell, topic

consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "partition.assignment.strategy": strategy,
                     "auto.offset.reset": "earliest", "heartbeat.interval.ms": 300})
consumer.subscribe([topic])
while not ended.is_set():
    for record in consumer.consume(num_messages=100, timeout=0.2):
        if record.error() is None:
            tell(record=record.value().decode(), partition=record.partition())
    tell(assigned=sorted(p.partition for p in consumer.assignment()))
consumer.close()

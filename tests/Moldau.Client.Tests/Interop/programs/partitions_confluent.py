"""Sends a record for each key of a file, one a line; librdkafka chooses the partition as Java does."""
import sys

from confluent_kafka import Producer

bootstrap, topic, keys = sys.argv[1:4]
producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"})
for key in open(keys, encoding="utf-8").read().split("\n"):
    producer.produce(topic, key=key.encode(), value=key.encode())
producer.flush(60)

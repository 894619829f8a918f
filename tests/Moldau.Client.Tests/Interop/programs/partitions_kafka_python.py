"""Sends a record for each key of a file, one a line; kafka-python chooses the partition as Java does."""
import sys

from kafka import KafkaProducer

bootstrap, topic, keys = sys.argv[1:4]
producer = KafkaProducer(bootstrap_servers=bootstrap)
for key in open(keys, encoding="utf-8").read().split("\n"):
    producer.send(topic, key=key.encode(), value=key.encode())
producer.flush(60)
producer.close()

"""Writes transactions: "committed N" for even N, "aborted N" for odd."""
import sys

from confluent_kafka import Producer

bootstrap, topic = sys.argv[1:3]
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"librdkafka-{topic}"})
producer.init_transactions(60)
for number in range(10):
    producer.begin_transaction()
    word = "aborted" if number % 2 else "committed"
    producer.produce(topic, value=f"{word} {number}", partition=0)
    producer.flush(60)
    if number % 2:
        producer.abort_transaction(60)
    else:
        producer.commit_transaction(60)

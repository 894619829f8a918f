"""Sends numbers from 0 on with an idempotent producer until the file STOP is there, and notes each acknowledged one.

send_numbers.py BOOTSTRAP TOPIC STOP ACKED_FILE
"""
import os
import sys

from confluent_kafka import Producer

bootstrap, topic, stop, acked_file = sys.argv[1:5]
MOST = 20_000_000
acked = open(acked_file, "w")
counts = {"acked": 0, "failed": 0}


def delivered(error, message):
    if error:
        counts["failed"] += 1
        print("failed", error, flush=True)
        return
    acked.write(f"{message.value().decode().split()[0]} {message.partition()} {message.offset()}\n")
    counts["acked"] += 1
    if counts["acked"] % 1000 == 0:
        acked.flush()
        print("acked", counts["acked"], flush=True)


producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5,
                     "batch.num.messages": 100, "queue.buffering.max.messages": 2000, "message.timeout.ms": 120000,
                     "reconnect.backoff.max.ms": 500})
for number in range(MOST):
    if number % 1000 == 0 and os.path.exists(stop):
        break
    value = f"{number} {'x' * (number % 200)}"
    while True:
        try:
            producer.produce(topic, value, partition=number % 3, on_delivery=delivered)
            break
        except BufferError:
            producer.poll(0.1)
    producer.poll(0)
producer.flush(120)
acked.close()
print("done", counts["acked"], counts["failed"], flush=True)

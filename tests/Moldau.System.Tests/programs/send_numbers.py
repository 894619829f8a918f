"""Sends the numbers from 0 to TOTAL - 1 with an idempotent producer and notes each acknowledged one.

send_numbers.py BOOTSTRAP TOPIC TOTAL ACKED_FILE
"""
import sys

from confluent_kafka import Producer

bootstrap, topic, total, acked_file = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
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
for number in range(total):
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

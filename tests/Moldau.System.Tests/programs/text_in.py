"""Sends chunks of a file, numbered by their keys, with librdkafka, the last quarter after the file GO is there:

text_in.py BOOTSTRAP TOPIC CODEC FILE FROM TO BYTES GO
"""
import os
import sys

from confluent_kafka import Producer

bootstrap, topic, codec, path = sys.argv[1:5]
first, last, size = (int(argument) for argument in sys.argv[5:8])
go = sys.argv[8]
counts = {"acked": 0}


def delivered(error, _):
    assert error is None, error
    counts["acked"] += 1
    if counts["acked"] % 100 == 0:
        print("acked", counts["acked"], flush=True)


producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": codec,
                     "linger.ms": 20, "queue.buffering.max.kbytes": 8192, "message.timeout.ms": 120000,
                     "reconnect.backoff.max.ms": 500})
with open(path, "rb") as file:
    file.seek(first * size)
    for chunk in range(first, last):
        value = file.read(size)
        while chunk == last - (last - first) // 4 and not os.path.exists(go):
            producer.poll(0.05)
        while True:
            try:
                producer.produce(topic, value, key=str(chunk), partition=chunk % 4, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.05)
        producer.poll(0)
assert producer.flush(120) == 0
print("done", counts["acked"], flush=True)

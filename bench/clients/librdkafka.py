"""One run of confluent_kafka (librdkafka) for bench/clients.py, which says what the arguments and the settings are."""
import os
import resource
import struct
import sys
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

PARTITIONS = 6
mode, bootstrap, topic = sys.argv[1:4]
size, seconds, warm_up_seconds, count, max_wait_ms = (kind(word) for kind, word in zip((int, float, float, int, int), sys.argv[4:]))


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """What the client did between the end of its warm-up and the end of its time."""

    def __init__(self):
        self.begun = time.perf_counter()
        self.started = None
        self.records = 0
        self.latencies = []

    def add(self, records):
        """Counts records; false when the time is over."""
        now = time.perf_counter()
        if self.started is None:
            if records and now - self.begun >= warm_up_seconds:
                self.started, self.cpu = now, cpu()
            return True
        self.records += records
        return not self.records or now - self.started < seconds

    def latency(self, sent_at):
        if self.started is not None:
            self.latencies.append(time.perf_counter_ns() - sent_at)

    def print(self):
        elapsed, used = time.perf_counter() - self.started, cpu() - self.cpu
        with open("/proc/self/status") as status:
            rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024
        self.latencies.sort()
        at = lambda share: self.latencies[int(share * (len(self.latencies) - 1))] / 1e6 if self.latencies else 0
        print(f'{{"records":{self.records},"seconds":{elapsed:.3f},"cpu":{used:.3f},"rss":{rss:.0f},'
              f'"p50":{at(0.5):.3f},"p99":{at(0.99):.3f}}}')
        sys.stdout.flush()


def new_producer(linger_ms):
    return Producer({
        "bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True, "linger.ms": linger_ms,
        "batch.size": 64 << 10, "queue.buffering.max.kbytes": 32 << 10, "queue.buffering.max.messages": 10_000_000})


def beginning():
    return [TopicPartition(topic, p, 0) for p in range(PARTITIONS)]


def new_consumer():
    consumer = Consumer({
        "bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False, "check.crcs": True,
        "fetch.min.bytes": 1, "fetch.wait.max.ms": max_wait_ms, "fetch.max.bytes": 50 << 20,
        "max.partition.fetch.bytes": 1 << 20, "auto.offset.reset": "earliest"})
    consumer.assign(beginning())
    return consumer


def send(producer, value):
    while True:
        try:
            producer.produce(topic, value)
            return
        except BufferError:
            producer.poll(0.001)


def produce():
    producer, value, meter = new_producer(5), os.urandom(size), Meter()
    more = True
    while more:
        for _ in range(256):
            send(producer, value)
        producer.poll(0)
        more = meter.add(256)
    meter.print()
    producer.flush(20)


def consume():
    consumer, meter, of_topic, total = new_consumer(), Meter(), 0, 0
    more = True
    while more:
        records = consumer.consume(10_000, timeout=0.1)
        for record in records:
            total += len(record.value())
        of_topic += len(records)
        more = meter.add(len(records))
        if of_topic == count:
            of_topic = 0
            consumer.assign(beginning())
    assert total >= count, "the topic was not read to its end once"
    meter.print()


def end_to_end():
    consumer, producer, meter = new_consumer(), new_producer(0), Meter()
    over = threading.Event()

    def run():
        # See Pacer.cs: a burst is timed from its begin, one that is late because of the one before from when it was due.
        tick, rest = 1_000_000, bytes(size - 8)
        due = time.perf_counter_ns()
        while not over.is_set():
            now = time.perf_counter_ns()
            late = now > due + tick
            while now < due:
                time.sleep(0.001)
                now, late = time.perf_counter_ns(), False
            value = struct.pack(">q", due if late else now) + rest
            for _ in range(count // 1000):
                send(producer, value)
            producer.poll(0)
            due += tick

    sender = threading.Thread(target=run)
    sender.start()
    more = True
    while more:
        # One record at a time: consume() of many waits until it has them all or the time is over.
        record = consumer.poll(1)
        if record is None:
            continue
        meter.latency(struct.unpack_from(">q", record.value())[0])
        more = meter.add(1)
    meter.print()
    over.set()
    sender.join()


{"produce": produce, "consume": consume, "e2e": end_to_end}[mode]()

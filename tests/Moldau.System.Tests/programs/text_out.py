"""Reads every chunk with aiokafka and writes the file again: text_out.py BOOTSTRAP TOPIC FILE CHUNKS BYTES

Fails when a chunk is there twice or when those of one partition and sender are out of order.
"""
import asyncio
import sys

from aiokafka import AIOKafkaConsumer, TopicPartition

bootstrap, topic, path = sys.argv[1:4]
chunks, size = int(sys.argv[4]), int(sys.argv[5])


async def main():
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest",
                                max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    partitions = [TopicPartition(topic, p) for p in range(4)]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    seen, last = set(), {}
    with open(path, "wb") as file:
        async with asyncio.timeout(600):
            while sum(ends.values()) > len(seen):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    for message in batch:
                        chunk = int(message.key)
                        assert chunk not in seen, f"chunk {chunk} is there twice"
                        sender = (message.partition, chunk < chunks // 2)
                        assert last.get(sender, -1) < chunk, f"chunk {chunk} came after {last[sender]}"
                        last[sender] = chunk
                        seen.add(chunk)
                        file.seek(chunk * size)
                        file.write(message.value)
    await consumer.stop()
    print("chunks", len(seen))


asyncio.run(main())

"""Just enough of Kafka's protocol to make a topic, to have requests ready that raw.c sends, and to see a first answer.
Versions without compact types: ApiVersions 0, Metadata 1, CreateTopics 2, DeleteTopics 1, Produce 7, Fetch 11, ListOffsets 1,
FindCoordinator 0, JoinGroup 2, SyncGroup 1, Heartbeat 1, OffsetCommit 2."""
import functools, random, socket, struct, time

THERE = (0, 36)  # none, TOPIC_ALREADY_EXISTS
TIMEOUT_S = 30


def string(text):
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def array(items):
    items = list(items)
    return struct.pack(">i", len(items)) + b"".join(items)


def frame(key, version, body):
    head = struct.pack(">hhi", key, version, 0) + string("bench")
    return struct.pack(">i", len(head) + len(body)) + head + body


def _exact(link, count):
    parts = []
    while count:
        part = link.recv(min(count, 1 << 20))
        if not part:
            raise ConnectionError("closed")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive(link):
    """A whole answer, with its length."""
    length = _exact(link, 4)
    return length + _exact(link, struct.unpack(">i", length)[0])


def ask(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as link:
        link.sendall(request)
        return receive(link)


def api_versions(port):
    return ask(port, frame(18, 0, b""))


def create_topics(port, names, partitions, configs=None):
    """The answer."""
    settings = array(string(k.replace("_", ".")) + string(str(v)) for k, v in (configs or {}).items())
    wanted = array(string(name) + struct.pack(">ih", partitions, 1) + array([]) + settings for name in names)
    return ask(port, frame(19, 2, wanted + struct.pack(">ib", 60000, 0)))


def create_topic(port, name, partitions, configs=None):
    """Its error code."""
    answer = create_topics(port, [name], partitions, configs)
    return struct.unpack_from(">h", answer, 4 + 4 + 4 + 4 + 2 + len(name.encode()))[0]


def delete_topics(port, names):
    ask(port, frame(20, 1, array(map(string, names)) + struct.pack(">i", 30000)))


def has_leaders(port, name, partitions):
    answer = ask(port, frame(3, 1, array([string(name)])))
    at = 8
    (brokers,) = struct.unpack_from(">i", answer, at)
    at += 4
    for _ in range(brokers):
        at += 4
        at += 2 + struct.unpack_from(">h", answer, at)[0] + 4
        at += 2 + max(0, struct.unpack_from(">h", answer, at)[0])
    at += 4 + 4 + 2 + 2 + len(name.encode()) + 1
    (found,) = struct.unpack_from(">i", answer, at)
    at += 4
    for _ in range(found):
        error, _, leader = struct.unpack_from(">hii", answer, at)
        if error or leader < 0:
            return False
        at += 10
        for _ in range(2):
            at += 4 + 4 * struct.unpack_from(">i", answer, at)[0]
    return found == partitions and _is_led(port, name, partitions)


def _is_led(port, name, partitions):
    """Metadata may speak of leaders that do not know it yet: those answer ListOffsets (version 1) with an error."""
    parts = array(struct.pack(">iq", p, -1) for p in range(partitions))
    answer = ask(port, frame(2, 1, struct.pack(">i", -1) + array([string(name) + parts])))
    at = 4 + 4 + 4 + 2 + len(name.encode()) + 4
    return all(struct.unpack_from(">h", answer, at + 22 * i + 4)[0] == 0 for i in range(partitions))


@functools.cache
def _crc_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


def crc32c(data):
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _varint(n):
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def batch(count, size):
    """A record batch (magic 2), not compressed, of `count` records of `size` bytes without keys: half of them random."""
    value = random.Random(size).randbytes(size // 2) + bytes(size - size // 2)
    records = []
    for delta in range(count):
        record = b"\0" + _varint(0) + _varint(delta) + _varint(-1) + _varint(size) + value + _varint(0)
        records.append(_varint(len(record)) + record)
    now = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", 0, count - 1, now, now, -1, -1, -1, count) + b"".join(records)
    rest = struct.pack(">ibI", -1, 2, crc32c(body)) + body
    return struct.pack(">qi", 0, len(rest)) + rest


def by_producer(records, producer):
    """The same batch as the first one of an idempotent producer."""
    body = bytearray(records[21:])
    struct.pack_into(">qhi", body, 22, producer, 0, 0)
    return records[:17] + struct.pack(">I", crc32c(body)) + bytes(body)


def produce(topic, partition, records):
    body = struct.pack(">hhi", -1, -1, 30000) + array([string(topic) + array([struct.pack(">ii", partition, len(records)) + records])])
    return frame(0, 7, body)


def produce_error_at(topic):
    """Where the partition's error stands in an answer to `produce`."""
    return 4 + 4 + 4 + 2 + len(topic) + 4 + 4


def fetch(topic, partition, offset, most, wait_ms=500):
    part = struct.pack(">iiqqi", partition, -1, offset, -1, most)
    body = struct.pack(">iiiibii", -1, wait_ms, 1, 50 << 20, 0, 0, -1) + array([string(topic) + array([part])]) + array([]) + string("")
    return frame(1, 11, body)


def fetch_all(topic, partitions, most_of_each, most):
    """Of many partitions from their begin, in one request."""
    parts = array(struct.pack(">iiqqi", p, -1, 0, -1, most_of_each) for p in range(partitions))
    return frame(1, 11, struct.pack(">iiiibii", -1, 500, 1, most, 0, 0, -1) + array([string(topic) + parts]) + array([]) + string(""))


def fetch_error_at(topic):
    return 4 + 4 + 4 + 2 + 4 + 4 + 2 + len(topic) + 4 + 4


def fetch_head(answer, topic):
    """What stands before the records, of an answer with one partition, and the records."""
    at = fetch_error_at(topic) + 2 + 24
    at += 4 + 16 * max(0, struct.unpack_from(">i", answer, at)[0]) + 4 + 4
    return answer[:at], answer[at:]


def coordinator_error(port, group):
    return struct.unpack_from(">h", ask(port, frame(10, 0, string(group))), 8)[0]


def _bytes(data):
    return struct.pack(">i", len(data)) + data


def join_group(group, member):
    subscription = struct.pack(">h", 0) + array([string("grouped")]) + _bytes(b"")
    return frame(11, 2, string(group) + struct.pack(">ii", 45000, 45000) + string(member) + string("consumer")
                 + array([string("range") + _bytes(subscription)]))


def joined(answer):
    """Error, generation, member id."""
    error, generation = struct.unpack_from(">hi", answer, 12)
    at = 18
    for _ in range(2):
        at += 2 + struct.unpack_from(">h", answer, at)[0]
    length = struct.unpack_from(">h", answer, at)[0]
    return error, generation, answer[at + 2:at + 2 + length].decode()


def sync_group(group, generation, member):
    return frame(14, 1, string(group) + struct.pack(">i", generation) + string(member) + array([string(member) + _bytes(b"")]))


def heartbeat(group, generation, member):
    return frame(12, 1, string(group) + struct.pack(">i", generation) + string(member))


def commit(group, generation, member, topic):
    partition = struct.pack(">iq", 0, 1) + string("")
    return frame(8, 2, string(group) + struct.pack(">i", generation) + string(member) + struct.pack(">q", -1)
                 + array([string(topic) + array([partition])]))

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.DefaultRecord;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.ProduceRequest;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogAppendInfo;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.RecordValidationException;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Appends good and bad batches to a real log of Apache Kafka, one log each, and prints what came of it:
 * name, input, rules, error code, exception class, indices of refused records, then for accepted ones the last
 * offset, the largest timestamp, the log append time, the bytes in the segment and what Kafka reads from them.
 */
public final class GoldenValidation {
    static final long NOW = 1_700_000_000_000L;
    static final int LEADER_EPOCH = 5;
    static PrintStream out;
    static KafkaScheduler scheduler = new KafkaScheduler(1);

    public static void main(String[] args) throws Exception {
        out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        scheduler.startup();
        whole();
        header();
        times();
        rewrites();
        for (CompressionType codec : CompressionType.values()) records(codec);
        for (CompressionType codec : CompressionType.values()) if (codec != CompressionType.NONE) streams(codec);
        scheduler.shutdown();
    }

    /** What a request brings: bytes around and instead of the one batch. */
    static void whole() throws Exception {
        byte[] good = batch(CompressionType.NONE, three());
        check("empty", new byte[0]);
        check("short", new byte[5]);
        check("good", good);
        check("two batches", join(good, good));
        check("incomplete tail", join(good, Arrays.copyOf(good, 40)));
        check("tail of zeros", join(good, new byte[30]));
        check("tail of 11 bytes", join(good, new byte[11]));
        check("incomplete", Arrays.copyOf(good, good.length - 1));
        for (int magic : new int[] {0, 1}) {
            var builder = MemoryRecords.builder(ByteBuffer.allocate(500), (byte) magic, Compression.NONE,
                magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME, 0);
            builder.append(magic == 0 ? -1 : NOW, bytes("k"), bytes("v"));
            check("magic " + magic, array(builder.build()));
        }
        for (int magic : new int[] {3, 127, 200}) check("magic " + magic, with(good, b -> b.put(16, (byte) magic)));
        for (int size : new int[] {-1, 0, 13, 1_000_000}) check("length " + size, with(good, b -> b.putInt(8, size)));
        check("offset", with(good, b -> b.putLong(0, 1)));
        check("negative offset", with(good, b -> b.putLong(0, -1)));
        check("leader epoch", with(good, b -> b.putInt(12, 77)));
        check("checksum", with(good, b -> b.putInt(17, b.getInt(17) ^ 1)));
        check("offset and checksum", with(good, b -> b.putLong(0, 1).putInt(17, 0)));
        check("too large", good, "max.message.bytes", "80");
        check("too large and checksum", with(good, b -> b.putInt(17, 0)), "max.message.bytes", "80");
        check("just fits", good, "max.message.bytes", "" + good.length);
        check("coordinator at an offset", with(good, b -> b.putLong(0, 9)), "origin", "COORDINATOR");
        check("zstd in version 6", batch(CompressionType.ZSTD, three()), "version", "6");
        check("zstd in version 7", batch(CompressionType.ZSTD, three()), "version", "7");
        check("zstd twice in version 6", join(batch(CompressionType.ZSTD, three()), good), "version", "6");
    }

    static void header() throws Exception {
        byte[] good = batch(CompressionType.NONE, three());
        for (int codec = 5; codec < 8; codec++) {
            int bits = codec;
            check("codec " + codec, sealed(good, b -> b.putShort(21, (short) bits)));
        }
        for (int delta : new int[] {-1, 0, 1, 3, Integer.MAX_VALUE, Integer.MIN_VALUE})
            check("last offset delta " + delta, sealed(good, b -> b.putInt(23, delta)));
        for (int count : new int[] {-1, 0, 2, 4})
            check("count " + count, sealed(good, b -> b.putInt(57, count)));
        for (int count : new int[] {0, 2, 4}) {
            check("count and delta " + count, sealed(good, b -> b.putInt(57, count).putInt(23, count - 1)));
            for (CompressionType codec : CompressionType.values())
                check("count and delta " + count + " " + codec.name,
                    sealed(batch(codec, three()), b -> b.putInt(57, count).putInt(23, count - 1)));
        }
        check("count by coordinator", sealed(good, b -> b.putInt(57, 2)), "origin", "COORDINATOR");
        check("control", sealed(good, b -> b.putShort(21, (short) 0x20)));
        check("control by coordinator", sealed(good, b -> b.putShort(21, (short) 0x20)),
            "origin", "COORDINATOR", "compression.type", "gzip");
        check("idempotent", sealed(good, b -> b.putLong(43, 7).putShort(51, (short) 0).putInt(53, 0)));
        check("without sequence", sealed(good, b -> b.putLong(43, 7).putShort(51, (short) 0)));
        check("sequence -7", sealed(good, b -> b.putLong(43, 7).putShort(51, (short) 0).putInt(53, -7)));
        check("transactional", sealed(good, b ->
            b.putShort(21, (short) 0x10).putLong(43, 7).putShort(51, (short) 0).putInt(53, 0)));
        check("control without sequence", sealed(good, b -> b.putShort(21, (short) 0x20).putLong(43, 7)));
        check("unknown attributes", sealed(good, b -> b.putShort(21, (short) 0x0180)));
        check("unknown attributes, time set", sealed(good, b -> b.putShort(21, (short) 0x0180)),
            "message.timestamp.type", "LogAppendTime");
        check("delete horizon", sealed(good, b -> b.putShort(21, (short) 0x40)));
        check("wrong largest time", sealed(good, b -> b.putLong(35, NOW + 12345)));
        check("wrong largest time, gzip", sealed(batch(CompressionType.GZIP, three()), b -> b.putLong(35, NOW + 12345)));
    }

    static void times() throws Exception {
        for (CompressionType codec : new CompressionType[] {CompressionType.NONE, CompressionType.LZ4}) {
            String name = " " + codec.name;
            byte[] good = batch(codec, three());
            check("time topic" + name, good, "message.timestamp.type", "LogAppendTime");
            check("marked" + name, sealed(good, b -> b.putShort(21, (short) (b.getShort(21) | 8)).putLong(35, NOW)));
            check("marked without time" + name,
                sealed(good, b -> b.putShort(21, (short) (b.getShort(21) | 8)).putLong(35, -1)));
            check("marked, time topic" + name,
                sealed(good, b -> b.putShort(21, (short) (b.getShort(21) | 8)).putLong(35, NOW - 5)),
                "message.timestamp.type", "LogAppendTime");
            check("after" + name, good, "message.timestamp.after.max.ms", "1");
            check("before" + name, good, "message.timestamp.before.max.ms", "5000");
            check("just before" + name, good, "message.timestamp.before.max.ms", "9000");
            check("both" + name, good, "message.timestamp.before.max.ms", "10", "message.timestamp.after.max.ms", "1");
            check("compacted" + name, good, "cleanup.policy", "compact");
            check("compacted, delete" + name, good, "cleanup.policy", "compact,delete");
            check("compacted and time" + name, good, "cleanup.policy", "compact",
                "message.timestamp.after.max.ms", "1");
            check("compacted with keys" + name, batch(codec, payload(
                record(0, 0, "a", "1"), record(0, 1, "", "2"), record(0, 2, "c", null))), "cleanup.policy", "compact");
            check("no time" + name, sealed(batch(codec, payload(
                record(0, 0, "a", "1"), record(0, 1, "a", "2"), record(0, 2, "a", "3"))),
                b -> b.putLong(27, -1).putLong(35, -1)));
            check("negative times" + name, sealed(good, b -> b.putLong(27, -2000).putLong(35, -1)));
        }
    }

    /** Batches that must be written again. */
    static void rewrites() throws Exception {
        for (CompressionType source : CompressionType.values())
            for (String target : new String[] {"uncompressed", "gzip", "snappy", "lz4", "zstd"}) {
                String name = source.name + " to " + target;
                byte[] idempotent = sealed(batch(source, three()), b -> b
                    .putShort(21, (short) (b.getShort(21) | 0x10)).putLong(43, 7).putShort(51, (short) 1).putInt(53, 9));
                check(name, idempotent, "compression.type", target);
                check(name + ", time topic", batch(source, three()), "compression.type", target,
                    "message.timestamp.type", "LogAppendTime");
            }
        check("grows too large", batch(CompressionType.GZIP, payload(
            record(0, 0, "a", "x".repeat(1000)), record(0, 1, "a", "x"), record(0, 2, "a", "x"))),
            "compression.type", "uncompressed", "max.message.bytes", "500");
        for (CompressionType codec : CompressionType.values()) {
            if (codec == CompressionType.NONE) continue;
            check("offsets from 5 " + codec.name, batch(codec, payload(
                record(0, 5, "a", "1"), record(0, 6, "a", "2"), record(0, 7, "a", "3"))));
            check("offsets with gaps " + codec.name, batch(codec, payload(
                record(0, 0, "a", "1"), record(3, 10, "a", "2"), record(7, 2, "a", "3"))));
        }
    }

    /** Records that are none, compressed and not. */
    static void records(CompressionType codec) throws Exception {
        String n = " " + codec.name;
        byte[] a = record(0, 0, "a", "1");
        byte[] b = record(1, 1, "b", "2");
        byte[] c = record(2, 2, "c", "3", new RecordHeader("h", bytes("v")), new RecordHeader("i", null));
        check("with headers" + n, batch(codec, payload(a, b, c)));
        check("no records" + n, batch(codec, new byte[0]));
        check("rest" + n, batch(codec, payload(a, b, c, new byte[] {0})));
        check("four for three" + n, batch(codec, payload(a, b, c, a)));
        check("cut" + n, batch(codec, Arrays.copyOf(payload(a, b, c), payload(a, b, c).length - 1)));
        check("cut in varint" + n, batch(codec, payload(a, b, new byte[] {(byte) 0x80})));
        check("length 0" + n, batch(codec, payload(a, b, new byte[] {0})));
        check("length -1" + n, batch(codec, payload(a, b, new byte[] {1})));
        check("length too small" + n, batch(codec, payload(a, b, change(c, 0, c[0] - 2))));
        check("length too large" + n, batch(codec, payload(a, change(b, 0, b[0] + 2), c)));
        check("length huge" + n, batch(codec, payload(a, b, varint(Integer.MAX_VALUE))));
        check("overlong varint" + n, batch(codec, payload(a, b, bytesOf(0x80, 0x80, 0x80, 0x80, 0x80, 0))));
        check("fifth byte of varint" + n, batch(codec, payload(a, b, body(bytesOf(
            0, 0, 4, 0x82, 0x80, 0x80, 0x80, 0x70, 'k', 2, 'v', 0)))));
        check("attributes" + n, batch(codec, payload(a, b, body(bytesOf(0xFF, 0, 4, 2, 'k', 2, 'v', 0)))));
        check("key length -2" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 3, 2, 'v', 0)))));
        check("value length -2" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 2, 'k', 3, 0)))));
        check("key too long" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 100, 'k', 2, 'v', 0)))));
        check("key far too long" + n,
            batch(codec, payload(a, b, body(join(bytesOf(0, 0, 4), varint(Integer.MAX_VALUE), bytesOf('k'))))));
        check("header count -1" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 2, 'k', 2, 'v', 1)))));
        check("header count 9" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 2, 'k', 2, 'v', 18, 2, 'h', 2, 'x')))));
        check("header count huge" + n, batch(codec,
            payload(a, b, body(join(bytesOf(0, 0, 4, 2, 'k', 2, 'v'), varint(Integer.MAX_VALUE))))));
        check("header key null" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 2, 'k', 2, 'v', 2, 1, 2, 'x')))));
        check("header value null" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 2, 'k', 2, 'v', 2, 2, 'h', 1)))));
        check("bytes after headers" + n, batch(codec, payload(a, b, body(bytesOf(0, 0, 4, 2, 'k', 2, 'v', 0, 9)))));
        check("tenth byte of varlong" + n, batch(codec, payload(a, b, body(bytesOf(
            0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 4, 2, 'k', 2, 'v', 0)))));
        check("offsets out of order" + n, batch(codec, payload(b, a, c)));
        check("large record" + n, batch(codec, payload(a, record(0, 1, "k", "x".repeat(3000)), c)),
            "max.decompressed.message.bytes", "1000");
        check("large batch of small records" + n,
            batch(codec, payload(record(0, 0, "k", "x".repeat(900)), record(0, 1, "k", "x".repeat(900)), c)),
            "max.decompressed.message.bytes", "1000");
        check("bad record, compacted" + n,
            batch(codec, payload(record(0, 0, null, "1"), b, new byte[] {1})), "cleanup.policy", "compact");
    }

    /** Damage to the compressed stream. */
    static void streams(CompressionType codec) throws Exception {
        byte[] good = compress(codec, three());
        int n = good.length;
        raw("stream of nothing ", codec, new byte[0]);
        raw("stream without end ", codec, Arrays.copyOf(good, n - 1));
        raw("stream without half ", codec, Arrays.copyOf(good, n / 2));
        raw("stream of noise ", codec, bytes("no codec ever wrote this text, or did one?"));
        raw("stream of one byte ", codec, new byte[] {1});
        for (int at : new int[] {0, 1, 3, 4, 5, 6, 8, n / 2, n - 6, n - 3, n - 1})
            raw("stream changed at " + (at < 10 ? "" + at : at < n / 2 + 1 ? "half" : "end-" + (n - at)) + " ", codec,
                change(good, at, good[at] ^ 0x55));
        raw("stream twice ", codec, join(good, good));
        if (codec == CompressionType.SNAPPY)
            raw("raw ", codec, org.xerial.snappy.Snappy.compress(three()));
    }

    static void raw(String name, CompressionType codec, byte[] stream) throws Exception {
        check(name + codec.name, assemble(codec, 2, 3, stream));
    }

    static void check(String name, byte[] input, String... settings) throws Exception {
        Map<String, String> properties = new HashMap<>();
        AppendOrigin origin = AppendOrigin.CLIENT;
        short version = 13;
        for (int i = 0; i < settings.length; i += 2) {
            if (settings[i].equals("origin")) origin = AppendOrigin.valueOf(settings[i + 1]);
            else if (settings[i].equals("version")) version = Short.parseShort(settings[i + 1]);
            else properties.put(settings[i], settings[i + 1]);
        }
        File folder = Files.createTempDirectory("golden").resolve("t-0").toFile();
        folder.mkdirs();
        String prefix = name + "\t" + Base64.getEncoder().encodeToString(input) + "\t"
            + Arrays.stream(settings).collect(Collectors.joining(";"));
        try {
            MemoryRecords records = MemoryRecords.readableRecords(ByteBuffer.wrap(input.clone()));
            if (origin == AppendOrigin.CLIENT) ProduceRequest.validateRecords(version, records);
            UnifiedLog log = UnifiedLog.create(folder, new LogConfig(properties), 0, 0, scheduler,
                new BrokerTopicStats(), new FixedTime(), 900_000, new ProducerStateManagerConfig(86_400_000, false), 600_000,
                new LogDirFailureChannel(1), true, Optional.of(Uuid.randomUuid()));
            LogAppendInfo info = log.appendAsLeader(records, LEADER_EPOCH, origin);
            log.flush(true);
            byte[] stored = Files.readAllBytes(folder.toPath().resolve("00000000000000000000.log"));
            log.close();
            stored = Arrays.copyOf(stored, ByteBuffer.wrap(stored).getInt(8) + 12);
            String seen;
            try {
                seen = GoldenRecords.text(MemoryRecords.readableRecords(ByteBuffer.wrap(stored)));
            } catch (RuntimeException e) {
                seen = "unreadable";
            }
            out.println(prefix + "\t0\t\t\t" + info.lastOffset() + "\t" + info.maxTimestamp() + "\t" + info.logAppendTime()
                + "\t" + Base64.getEncoder().encodeToString(stored) + "\t" + seen);
        } catch (RecordValidationException e) {
            out.println(prefix + "\t" + Errors.forException(e.invalidException()).code() + "\t"
                + e.invalidException().getClass().getSimpleName() + "\t"
                + e.recordErrors().stream().map(r -> "" + r.batchIndex).collect(Collectors.joining(",")));
        } catch (Throwable e) {
            out.println(prefix + "\t" + Errors.forException(e).code() + "\t" + e.getClass().getSimpleName() + "\t");
        }
    }

    static byte[] three() throws Exception {
        return payload(record(0, 0, "a", "1"), record(-9000, 1, null, "22"), record(70, 2, "b", null));
    }

    static byte[] record(long time, int offset, String key, String value, Header... headers) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DefaultRecord.writeTo(new DataOutputStream(bytes), offset, time, buffer(key), buffer(value), headers);
        return bytes.toByteArray();
    }

    static byte[] body(byte[] body) {
        return join(varint(body.length), body);
    }

    static byte[] varint(int value) {
        ByteBuffer buffer = ByteBuffer.allocate(5);
        org.apache.kafka.common.utils.internals.ByteUtils.writeVarint(value, buffer);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    static byte[] batch(CompressionType codec, byte[] payload) throws Exception {
        return assemble(codec, 2, 3, compress(codec, payload));
    }

    static byte[] compress(CompressionType codec, byte[] payload) throws Exception {
        ByteBufferOutputStream bytes = new ByteBufferOutputStream(1024);
        try (OutputStream stream = Compression.of(codec).build().wrapForOutput(bytes, (byte) 2)) {
            stream.write(payload);
        }
        return Arrays.copyOf(bytes.buffer().array(), bytes.buffer().position());
    }

    static byte[] assemble(CompressionType codec, int lastOffsetDelta, int count, byte[] payload) {
        ByteBuffer buffer = ByteBuffer.allocate(61 + payload.length);
        buffer.putLong(0).putInt(49 + payload.length).putInt(-1).put((byte) 2).putInt(0).putShort((short) codec.id)
            .putInt(lastOffsetDelta).putLong(NOW).putLong(NOW + 70).putLong(-1).putShort((short) -1).putInt(-1).putInt(count)
            .put(payload);
        return seal(buffer.array());
    }

    static byte[] seal(byte[] batch) {
        CRC32C crc = new CRC32C();
        crc.update(batch, 21, batch.length - 21);
        ByteBuffer.wrap(batch).putInt(17, (int) crc.getValue());
        return batch;
    }

    static byte[] sealed(byte[] batch, Consumer<ByteBuffer> change) {
        return seal(with(batch, change));
    }

    static byte[] with(byte[] batch, Consumer<ByteBuffer> change) {
        byte[] copy = batch.clone();
        change.accept(ByteBuffer.wrap(copy));
        return copy;
    }

    static byte[] change(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    static byte[] payload(byte[]... records) {
        return join(records);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) bytes.writeBytes(part);
        return bytes.toByteArray();
    }

    static byte[] bytesOf(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) bytes[i] = (byte) values[i];
        return bytes;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ByteBuffer buffer(String text) {
        return text == null ? null : ByteBuffer.wrap(bytes(text));
    }

    static byte[] array(MemoryRecords records) {
        byte[] bytes = new byte[records.buffer().remaining()];
        records.buffer().duplicate().get(bytes);
        return bytes;
    }

    static final class FixedTime implements Time {
        public long milliseconds() {
            return NOW;
        }

        public long nanoseconds() {
            return NOW * 1_000_000;
        }

        public void sleep(long ms) {
        }
    }
}

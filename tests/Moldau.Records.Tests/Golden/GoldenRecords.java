import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * Makes and reads record batches with Apache Kafka's own classes.
 * "write" prints batches.tsv; "describe" reads lines of name and base64, and prints what Kafka sees in them.
 */
public final class GoldenRecords {
    static final long TIME = 1_700_000_000_000L;

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (args[0].equals("write")) write(out);
        else describe(out);
    }

    static void describe(PrintStream out) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null;) {
            String[] parts = line.split("\t");
            byte[] bytes = Base64.getDecoder().decode(parts[1]);
            String text;
            try {
                text = text(MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)));
            } catch (Exception e) {
                text = "error\t" + e;
            }
            out.println(parts[0] + "\t" + text);
        }
    }

    static void write(PrintStream out) throws Exception {
        for (CompressionType codec : CompressionType.values()) {
            for (TimestampType type : new TimestampType[] {TimestampType.CREATE_TIME, TimestampType.LOG_APPEND_TIME}) {
                print(out, "v2-" + codec.name + "-" + type.name, build((byte) 2, codec, type, -1, (short) -1, -1, false));
                print(out, "v2-" + codec.name + "-" + type.name + "-idempotent",
                    build((byte) 2, codec, type, 4711, (short) 3, 17, false));
                print(out, "v2-" + codec.name + "-" + type.name + "-transactional",
                    build((byte) 2, codec, type, 1L << 40, (short) 0, 0, true));
                if (codec == CompressionType.ZSTD) continue;
                print(out, "v1-" + codec.name + "-" + type.name, build((byte) 1, codec, type, -1, (short) -1, -1, false));
            }
            if (codec != CompressionType.ZSTD)
                print(out, "v0-" + codec.name,
                    build((byte) 0, codec, TimestampType.NO_TIMESTAMP_TYPE, -1, (short) -1, -1, false));
            for (int kind = 0; kind < 3; kind++) print(out, "large-" + codec.name + "-" + kind, large(codec, kind));
        }
        for (int level : new int[] {1, 9}) print(out, "gzip-level" + level, large(Compression.gzip().level(level).build(), 0));
        for (int level : new int[] {1, 17}) print(out, "lz4-level" + level, large(Compression.lz4().level(level).build(), 0));
        for (int level : new int[] {-7, 1, 6, 12, 19, 22})
            for (int kind = 0; kind < 2; kind++)
                print(out, "zstd-level" + level + "-" + kind, large(Compression.zstd().level(level).build(), kind));
        control(out);
    }

    static void control(PrintStream out) throws Exception {
        print(out, "commit", MemoryRecords.withEndTransactionMarker(
            77, TIME, 5, 900, (short) 8, new EndTransactionMarker(ControlRecordType.COMMIT, 12)));
        print(out, "abort", MemoryRecords.withEndTransactionMarker(
            78, TIME, 5, 901, (short) 9, new EndTransactionMarker(ControlRecordType.ABORT, 13)));
        print(out, "leader-change", MemoryRecords.withLeaderChangeMessage(
            5, TIME, 4, ByteBuffer.allocate(1024), new LeaderChangeMessage().setVersion((short) 1).setLeaderId(3)));
        print(out, "snapshot-header", MemoryRecords.withSnapshotHeaderRecord(
            0, TIME, 4, ByteBuffer.allocate(1024), new SnapshotHeaderRecord().setLastContainedLogTimestamp(TIME)));
        print(out, "snapshot-footer", MemoryRecords.withSnapshotFooterRecord(
            9, TIME, 4, ByteBuffer.allocate(1024), new SnapshotFooterRecord()));
    }

    static void print(PrintStream out, String name, MemoryRecords records) {
        ByteBuffer buffer = records.buffer().duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        out.println(name + "\t" + Base64.getEncoder().encodeToString(bytes) + "\t" + text(records));
    }

    static MemoryRecords build(
        byte magic, CompressionType codec, TimestampType type, long producer, short epoch, int sequence, boolean isTxn)
        throws Exception {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(4096), magic,
            Compression.of(codec).build(), type, 1000, TIME + 999, producer, epoch, sequence, isTxn, 7);
        Header[] headers = magic < 2 ? Record.EMPTY_HEADERS : new Header[] {
            new RecordHeader("a", bytes("one")), new RecordHeader("a", null), new RecordHeader("", new byte[0])};
        builder.append(TIME, bytes("key"), bytes("value"), Record.EMPTY_HEADERS);
        builder.append(TIME + 5, null, bytes("no key"), headers);
        builder.append(TIME - 70_000, new byte[0], null, Record.EMPTY_HEADERS);
        builder.append(magic == 0 ? -1 : TIME + 3, bytes("last"), new byte[0], Record.EMPTY_HEADERS);
        return builder.build();
    }

    static MemoryRecords large(CompressionType codec, int kind) {
        return large(Compression.of(codec).build(), kind);
    }

    /** 0: text; 1: a mixture of everything; 2: zeros. */
    static MemoryRecords large(Compression compression, int kind) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), (byte) 2, compression,
            TimestampType.CREATE_TIME, 0, TIME, -1, (short) -1, -1, false, 1);
        Random random = new Random(kind + 1);
        String[] words = new String[300];
        for (int i = 0; i < words.length; i++) {
            StringBuilder word = new StringBuilder();
            for (int k = random.nextInt(7) + 1; k >= 0; k--)
                word.append((char) ('a' + Math.min(random.nextInt(26), random.nextInt(26))));
            words[i] = word.toString();
        }
        int records = kind == 1 ? 40 : 20;
        for (int i = 0; i < records; i++) {
            byte[] value;
            int shape = kind == 1 ? i % 4 : kind == 0 ? 0 : 2;
            if (shape == 0) {
                StringBuilder text = new StringBuilder();
                while (text.length() < (kind == 0 ? 1500 : 400))
                    text.append(words[(int) (Math.pow(random.nextDouble(), 3) * words.length)]).append(' ');
                value = bytes(text.toString());
            } else if (shape == 1) {
                value = new byte[random.nextInt(300)];
                random.nextBytes(value);
            } else if (shape == 2) {
                value = new byte[5000];
            } else {
                value = bytes(words[random.nextInt(300)].repeat(random.nextInt(200)));
            }
            builder.append(TIME + i, bytes("k" + i), value, Record.EMPTY_HEADERS);
        }
        return builder.build();
    }

    static String text(MemoryRecords records) {
        StringBuilder text = new StringBuilder();
        for (RecordBatch batch : records.batches()) {
            batch.ensureValid();
            boolean isV2 = batch.magic() == 2;
            text.append(text.length() == 0 ? "" : " ").append("magic=").append(batch.magic())
                .append(",last=").append(batch.lastOffset()).append(",epoch=").append(batch.partitionLeaderEpoch())
                .append(",codec=").append(batch.compressionType().name).append(",type=").append(batch.timestampType().name)
                .append(",max=").append(batch.maxTimestamp()).append(",producer=").append(batch.producerId())
                .append("/").append(batch.producerEpoch()).append("/").append(batch.baseSequence())
                .append(batch.isTransactional() ? ",txn" : "").append(batch.isControlBatch() ? ",control" : "")
                .append(isV2 ? ",base=" + batch.baseOffset() + ",count=" + batch.countOrNull() : "");
        }
        text.append("\t");
        for (Record record : records.records()) {
            text.append(record.offset()).append("@").append(record.timestamp()).append(" ")
                .append(hex(record.key())).append("=").append(hex(record.value())).append("[");
            for (Header header : record.headers())
                text.append(hex(ByteBuffer.wrap(bytes(header.key())))).append("=")
                    .append(hex(header.value() == null ? null : ByteBuffer.wrap(header.value()))).append(",");
            text.append("];");
        }
        return text.toString();
    }

    static String hex(ByteBuffer buffer) {
        if (buffer == null) return "null";
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        if (bytes.length <= 64) return HexFormat.of().formatHex(bytes);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return "#" + bytes.length + ":" + crc.getValue();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

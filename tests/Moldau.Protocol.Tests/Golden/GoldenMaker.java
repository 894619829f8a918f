import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileOutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Fills every message class found in the jars of Apache Kafka and writes what they serialize to.
 * Each entry of the file: name, version, filling, CRC-32 of the canonical text of the values, bytes.
 */
public final class GoldenMaker {
    private enum Filling { DEFAULTS, EMPTY, MAXIMAL, RANDOM, TAGGED, NESTED }

    private final Random random;
    private final Filling filling;
    private final short version;

    private GoldenMaker(Filling filling, short version, long seed) {
        this.filling = filling;
        this.version = version;
        this.random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
        int randoms = 10;
        TreeSet<String> names = new TreeSet<>();
        for (int i = 1; i < args.length; i++) {
            try (JarFile jar = new JarFile(args[i])) {
                jar.stream().map(e -> e.getName())
                    .filter(n -> n.endsWith(".class") && !n.contains("$"))
                    .filter(n -> n.contains("/message/") || n.contains("/generated/") || n.contains("/metadata/"))
                    .forEach(n -> names.add(n.substring(0, n.length() - 6).replace('/', '.')));
            }
        }
        int entries = 0;
        TreeSet<String> done = new TreeSet<>();
        GZIPOutputStream zip = new GZIPOutputStream(new FileOutputStream(args[0])) {
            { def.setLevel(Deflater.BEST_COMPRESSION); }
        };
        try (DataOutputStream out = new DataOutputStream(zip)) {
            for (String name : names) {
                Class<?> type = Class.forName(name, false, GoldenMaker.class.getClassLoader());
                if (!Message.class.isAssignableFrom(type) || type.isInterface() || Modifier.isAbstract(type.getModifiers())) continue;
                if (!done.add(wireName(type))) throw new IllegalStateException("two classes are called " + wireName(type));
                Message sample = (Message) type.getDeclaredConstructor().newInstance();
                for (short v = sample.lowestSupportedVersion(); v <= sample.highestSupportedVersion(); v++) {
                    for (Filling filling : Filling.values()) {
                        int repeats = filling == Filling.RANDOM ? randoms : 1;
                        for (int i = 0; i < repeats; i++) {
                            long seed = wireName(type).hashCode() * 31L + v * 1009L + filling.ordinal() * 17L + i;
                            new GoldenMaker(filling, v, seed).entry(out, type);
                            entries++;
                        }
                    }
                }
            }
        }
        System.out.println(done.size() + " messages, " + entries + " entries");
    }

    private static String wireName(Class<?> type) {
        String name = type.getSimpleName();
        boolean isWire = name.endsWith("RequestData") || name.endsWith("ResponseData") || name.endsWith("HeaderData");
        return isWire ? name.substring(0, name.length() - 4) : name;
    }

    private void entry(DataOutputStream out, Class<?> type) throws Exception {
        Schema schema = schemaOf(type);
        Message message = (Message) build(type, schema);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        StringBuilder text = new StringBuilder();
        describe(text, message, schema);
        CRC32 crc = new CRC32();
        crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
        out.writeUTF(wireName(type));
        out.writeShort(version);
        out.writeByte(filling.ordinal());
        out.writeInt((int) crc.getValue());
        out.writeInt(buffer.position());
        out.write(buffer.array(), 0, buffer.position());
    }

    private Schema schemaOf(Class<?> type) throws Exception {
        return ((Schema[]) type.getField("SCHEMAS").get(null))[version];
    }

    /** The fields that are on the wire in this version: plain ones in order, then tagged ones by tag. */
    private static List<org.apache.kafka.common.protocol.types.Field> present(Schema schema) {
        List<org.apache.kafka.common.protocol.types.Field> fields = new ArrayList<>();
        for (BoundField field : schema.fields()) {
            if (field.def.type instanceof TaggedFields) fields.addAll(new TreeMap<>(((TaggedFields) field.def.type).fields()).values());
            else fields.add(field.def);
        }
        return fields;
    }

    private static Map<String, Field> membersOf(Class<?> type) {
        Map<String, Field> members = new HashMap<>();
        for (Field field : type.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers())) continue;
            field.setAccessible(true);
            members.put(field.getName().toLowerCase(Locale.ROOT), field);
        }
        return members;
    }

    private static Field memberOf(Map<String, Field> members, org.apache.kafka.common.protocol.types.Field field) {
        Field member = members.get(field.name.replace("_", "").toLowerCase(Locale.ROOT));
        if (member == null) throw new IllegalStateException("no member for " + field.name + " in " + members.keySet());
        return member;
    }

    private Object build(Class<?> type, Schema schema) throws Exception {
        Object target = type.getDeclaredConstructor().newInstance();
        if (filling == Filling.DEFAULTS) return target;
        Map<String, Field> members = membersOf(type);
        for (org.apache.kafka.common.protocol.types.Field field : present(schema)) {
            Field member = memberOf(members, field);
            // Defaults at every depth: one element in each array of structures, all else as it was made.
            if (filling == Filling.NESTED && !holdsStructure(field.type)) continue;
            member.set(target, value(member, field.type, member.get(target)));
        }
        if (filling == Filling.TAGGED || filling == Filling.MAXIMAL) unknownTags(target, schema);
        return target;
    }

    private static boolean holdsStructure(Type type) {
        // Records that may not be null have no default that Kafka itself could write.
        return type == Type.RECORDS || type == Type.COMPACT_RECORDS || type instanceof Schema || (type.isArray() && type.arrayElementType().get() instanceof Schema);
    }

    private void unknownTags(Object target, Schema schema) throws Exception {
        boolean isFlexible = Arrays.stream(schema.fields()).anyMatch(f -> f.def.type instanceof TaggedFields);
        if (!isFlexible) return;
        Field member = target.getClass().getDeclaredField("_unknownTaggedFields");
        member.setAccessible(true);
        List<RawTaggedField> fields = new ArrayList<>();
        int tag = 50;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            fields.add(new RawTaggedField(tag, bytes(random.nextInt(5) == 0 ? 130 : random.nextInt(6))));
            tag += 1 + random.nextInt(100000);
        }
        member.set(target, fields);
    }

    private Object value(Field member, Type type, Object before) throws Exception {
        if (type.isNullable() && (filling == Filling.EMPTY || (filling != Filling.MAXIMAL && filling != Filling.NESTED && random.nextInt(4) == 0))) return null;
        if (!type.isArray()) return element(member.getType(), type);
        Class<?> declared = member.getType();
        Type elementType = type.arrayElementType().get();
        boolean isCollection = declared != List.class;
        ParameterizedType generic = (ParameterizedType) (isCollection ? declared.getGenericSuperclass() : member.getGenericType());
        java.lang.reflect.Type argument = generic.getActualTypeArguments()[0];
        @SuppressWarnings("unchecked")
        Collection<Object> list = isCollection
            ? (Collection<Object>) declared.getDeclaredConstructor().newInstance() : new ArrayList<>();
        boolean isStructure = elementType instanceof Schema;
        int count = filling == Filling.EMPTY ? 0 : filling == Filling.NESTED ? 1 : filling == Filling.MAXIMAL ? (isStructure ? 2 : 130) : random.nextInt(3);
        for (int i = 0; i < count; i++) list.add(element((Class<?>) argument, elementType));
        return list;
    }

    private Object element(Class<?> javaType, Type type) throws Exception {
        boolean max = filling == Filling.MAXIMAL;
        boolean zero = filling == Filling.EMPTY;
        if (type instanceof Schema) return build(javaType, schemaOf(javaType));
        if (type == Type.BOOLEAN) return !zero && (max || random.nextBoolean());
        if (type == Type.INT8) return zero ? (byte) 0 : max ? Byte.MAX_VALUE : (byte) random.nextInt();
        if (type == Type.INT16) return zero ? (short) 0 : max ? Short.MAX_VALUE : (short) random.nextInt();
        if (type == Type.UINT16) return zero ? 0 : max ? 65535 : random.nextInt(65536);
        if (type == Type.INT32) return zero ? 0 : max ? Integer.MAX_VALUE : random.nextInt();
        if (type == Type.UNSIGNED_INT32) return zero ? 0L : max ? 0xFFFFFFFFL : random.nextInt() & 0xFFFFFFFFL;
        if (type == Type.INT64) return zero ? 0L : max ? Long.MAX_VALUE : random.nextLong();
        if (type == Type.FLOAT64) return zero ? 0.0 : max ? Double.MAX_VALUE : random.nextDouble();
        if (type == Type.UUID) return zero ? Uuid.ZERO_UUID : max ? new Uuid(-1, -1) : new Uuid(random.nextLong(), random.nextLong());
        if (javaType == String.class) return zero ? "" : max ? "m".repeat(300) + "\u00b5\u20ac\ud834\udd1e" : text();
        byte[] bytes = zero || filling == Filling.NESTED ? new byte[0] : bytes(max ? 400 : random.nextInt(8));
        if (javaType == byte[].class) return bytes;
        if (javaType == ByteBuffer.class) return ByteBuffer.wrap(bytes);
        return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
    }

    private String text() {
        String[] pieces = {"a", "topic", "gr\u00f6\u00dfe", "\u65e5\u672c", "\ud834\udd1e", "-", "0"};
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) text.append(pieces[random.nextInt(pieces.length)]);
        return text.toString();
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte) (i < 4 ? random.nextInt() : i);
        return bytes;
    }

    private void describe(StringBuilder text, Object target, Schema schema) throws Exception {
        text.append('{');
        Map<String, Field> members = membersOf(target.getClass());
        for (org.apache.kafka.common.protocol.types.Field field : present(schema)) {
            Field member = memberOf(members, field);
            text.append(member.getName().toLowerCase(Locale.ROOT)).append(':');
            describeValue(text, member.get(target));
            text.append(',');
        }
        text.append('}');
    }

    private void describeValue(StringBuilder text, Object value) throws Exception {
        if (value == null) {
            text.append("null");
        } else if (value instanceof Collection) {
            text.append('[');
            for (Object item : (Collection<?>) value) {
                describeValue(text, item);
                text.append(',');
            }
            text.append(']');
        } else if (value instanceof Message) {
            describe(text, value, schemaOf(value.getClass()));
        } else if (value instanceof byte[]) {
            hex(text, ByteBuffer.wrap((byte[]) value));
        } else if (value instanceof ByteBuffer) {
            hex(text, ((ByteBuffer) value).duplicate());
        } else if (value instanceof MemoryRecords) {
            hex(text, ((MemoryRecords) value).buffer());
        } else if (value instanceof Double) {
            text.append(Double.doubleToRawLongBits((Double) value));
        } else if (value instanceof Uuid) {
            text.append(((Uuid) value).getMostSignificantBits()).append('/').append(((Uuid) value).getLeastSignificantBits());
        } else {
            text.append(value);
        }
    }

    private static void hex(StringBuilder text, ByteBuffer bytes) {
        while (bytes.hasRemaining()) text.append(String.format("%02x", bytes.get()));
    }
}

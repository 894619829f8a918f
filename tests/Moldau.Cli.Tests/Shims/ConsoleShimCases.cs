using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Records that are not text, and options that come out of files.</summary>
internal static class ConsoleShimCases
{
    private const string Read = "console-consumer B --topic numbers --partition 0 --timeout-ms 30000 ";
    private const string Classes = "org.apache.kafka.common.serialization.";

    public static readonly ShimCase[] All =
    [
        new("numbers-create", "topics B --create --topic numbers --partitions 1"),
        new("numbers-eight-bytes", "console-producer B --topic numbers", "ABCDEFGH\n"),
        new("numbers-reader-config", "console-producer B --topic numbers --reader-config SCRATCH/reader.properties", "key1:ABCD\n"),
        new("numbers-uuid", "console-producer B --topic numbers", "0f8fad5b-d9cb-469f-a165-70867728950e\n"),
        new("numbers-knobs", "console-producer B --topic numbers --max-block-ms 5000 --retry-backoff-ms 50 --message-send-max-retries 2 "
            + "--metadata-expiry-ms 60000 --socket-buffer-size 65536 --max-partition-memory-bytes 1000", "1\n"),
        new("numbers-long", Read + "--offset 0 --max-messages 1 --formatter-property value.deserializer=" + Classes + "LongDeserializer"),
        new("numbers-double", Read + "--offset 0 --max-messages 1 --value-deserializer " + Classes + "DoubleDeserializer"),
        new("numbers-integer", Read + "--offset 1 --max-messages 1 --value-deserializer " + Classes + "IntegerDeserializer"),
        new("numbers-float", Read + "--offset 1 --max-messages 1 --value-deserializer " + Classes + "FloatDeserializer "
            + "--key-deserializer " + Classes + "IntegerDeserializer --formatter-property print.key=true"),
        new("numbers-uuid-read", Read + "--offset 2 --max-messages 1 --value-deserializer " + Classes + "UUIDDeserializer"),
        new("numbers-wrong-size", Read + "--offset 0 --max-messages 2 --value-deserializer " + Classes + "IntegerDeserializer"),
        new("numbers-wrong-size-skipped", Read + "--offset 0 --max-messages 2 --skip-message-on-error --value-deserializer " + Classes + "IntegerDeserializer"),
        new("numbers-no-uuid", Read + "--offset 0 --max-messages 1 --value-deserializer " + Classes + "UUIDDeserializer"),
        new("numbers-no-boolean", Read + "--offset 0 --max-messages 1 --value-deserializer " + Classes + "BooleanDeserializer"),
        new("numbers-formatter-config", Read + "--offset 0 --max-messages 2 --formatter-config SCRATCH/formatter.properties"),
        new("numbers-formatter-both", Read + "--offset 0 --max-messages 2 --formatter-config SCRATCH/formatter.properties --formatter-property print.offset=false"),
        new("numbers-silent", Read + "--offset 0 --max-messages 2 --formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter"),
        new("numbers-no-formatter", Read + "--offset 0 --max-messages 1 --formatter no.Such"),
        new("numbers-monotonic", "producer-perf-test --topic numbers --num-records 3 --payload-monotonic --throughput -1 --bootstrap-server BOOTSTRAP")
        { Lines = 0 },
        new("numbers-monotonic-read", Read + "--offset 4 --max-messages 3"),
    ];

    public static void WriteFiles(ScratchFolder scratch)
    {
        File.WriteAllText(scratch["reader.properties"], "parse.key=true\nkey.separator=:\n");
        File.WriteAllText(scratch["formatter.properties"], "print.key=true\nprint.offset=true\n");
    }
}

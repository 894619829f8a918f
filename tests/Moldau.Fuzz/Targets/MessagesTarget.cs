using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Generators.Schema;
using Moldau.Protocol;

namespace Moldau.Fuzz;

/// <summary>Every message, record, key and value in each of its versions. An input is the message's index, its version, a checksum
/// that says whether the body is known to be valid, and the body.</summary>
internal sealed class MessagesTarget : FuzzTarget
{
    private const int HeadBytes = 7;
    private const int Valid = 3;

    /// <summary>So that nothing is valid by chance, an empty body under a zero least of all.</summary>
    private const uint Salt = 0x4D6F6C64;

    /// <summary>The message object itself.</summary>
    private const int FixedCost = 4096;

    /// <summary>Whoever reads what was just written trusts it.</summary>
    private const int TrustedFactor = 1000;

    private static readonly string[] Names = ["alpha", "group", "__cluster_metadata", "metadata.version"];

    public override string Name => "messages";

    public override string Summary => "all messages and versions: valid ones are read, read-write-read is a fixed point, memory <= 8x + 256 KiB";

    public override int QuickIterations => 35_000;

    /// <summary>Held to the reader's own, tighter rule below; writing is not reading.</summary>
    public override long AllocationSlack => -1;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        for (int i = 0; i < Messages.All.Length; i++)
            for (short v = Messages.All[i].LowestVersion; v <= Messages.All[i].HighestVersion; v++)
                yield return Fresh(i, v, prng);
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        Prng prng = mutator.Prng;
        if (input.Length < HeadBytes || prng.Next(6) == 0)
        {
            int index = prng.Next(Messages.All.Length);
            MessageInfo any = Messages.All[index];
            return Fresh(index, (short)prng.Next(any.LowestVersion, any.HighestVersion + 1), prng);
        }

        byte[] body = input[HeadBytes..];
        (MessageInfo info, short version) = Of(input);
        int kind = prng.Next(8);
        if (kind == 0) input[2] = (byte)prng.Next(version == 0 ? 3 : version + 2);
        else if (kind < 4) body = mutator.Mutate(body, other.Length > HeadBytes ? other[HeadBytes..] : other, MaxBytes);
        else body = FieldMutator.Mutate(SchemaCatalog.Of(info.Name), version, body, mutator);
        return [input[0], input[1], input[2], 0, 0, 0, 0, .. body];
    }

    public override void Run(byte[] input)
    {
        if (input.Length < HeadBytes) return;
        (MessageInfo info, short version) = Of(input);
        ReadOnlySpan<byte> body = input.AsSpan(HeadBytes);
        long limit = ((long)body.Length * KafkaReader.DefaultAllocationFactor) + KafkaReader.AllocationSlack + FixedCost;
        IMessage? message = Read(info, version, body, out bool isRead, out bool isWhole, out long allocated);
        // The first use of a message makes tables.
        if (allocated > limit) message = Read(info, version, body, out isRead, out isWhole, out allocated);
        Must(allocated <= limit, $"reading takes more memory than it may: {allocated} bytes, {info.Name} v{version}");
        bool isKnownValid = BinaryPrimitives.ReadUInt32BigEndian(input.AsSpan(Valid)) == (Crc32C.Compute(body) ^ Salt);
        Must(!isKnownValid || isWhole, $"a valid message is refused: {info.Name} v{version}");
        if (isRead) Same(info, version, message!); // read
        Views(info, version, body, isRead);
    }

    private static IMessage? Read(
        MessageInfo info, short version, ReadOnlySpan<byte> body, out bool isRead, out bool isWhole, out long allocated)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        KafkaReader reader = new(body);
        IMessage? message = Messages.Read(info.Name, version, ref reader);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        (isRead, isWhole) = (message is not null && !reader.Failed, reader.IsComplete);
        return message;
    }

    private static void Same(MessageInfo info, short version, IMessage message)
    {
        byte[] first = KafkaWriter.ToArray(message, version);
        KafkaReader reader = new(first, TrustedFactor);
        IMessage? again = Messages.Read(info.Name, version, ref reader);
        Must(reader.IsComplete, $"what was written cannot be read: {info.Name} v{version}");
        byte[] second = KafkaWriter.ToArray(again!, version); // it was read
        Must(first.AsSpan().SequenceEqual(second), $"written twice it is not the same: {info.Name} v{version}");
    }

    /// <summary>The two requests that are read in place are read by the same rules.</summary>
    private static void Views(MessageInfo info, short version, ReadOnlySpan<byte> body, bool isRead)
    {
        if (info.Name is not ("FetchRequest" or "ProduceRequest")) return;
        byte[] bytes = body.ToArray();
        bool isSeen = info.Name == "FetchRequest"
            ? FetchRequestView.TryRead(bytes, 0, version, out _)
            : ProduceRequestView.TryRead(bytes, 0, version, out _);
        if (isSeen == isRead) return;
        // Views take no memory, so that the reader's budget is not theirs.
        KafkaReader reader = new(body, TrustedFactor);
        Messages.Read(info.Name, version, ref reader);
        Must(isSeen == !reader.Failed, $"view and class differ: {info.Name} v{version}");
    }

    private static (MessageInfo Info, short Version) Of(byte[] input)
    {
        MessageInfo info = Messages.All[BinaryPrimitives.ReadUInt16BigEndian(input) % Messages.All.Length];
        return (info, (short)(info.LowestVersion + (input[2] % (info.HighestVersion - info.LowestVersion + 1))));
    }

    private static byte[] Fresh(int index, short version, Prng prng)
    {
        MessageInfo info = Messages.All[index];
        MessageModel model = SchemaCatalog.Of(info.Name);
        byte[] body = SchemaWalk.Write(model, version, prng, Names);
        byte[] input = new byte[HeadBytes + body.Length];
        BinaryPrimitives.WriteUInt16BigEndian(input, (ushort)index);
        input[2] = (byte)(version - info.LowestVersion);
        body.CopyTo(input, HeadBytes);
        BinaryPrimitives.WriteUInt32BigEndian(input.AsSpan(Valid), Crc32C.Compute(body) ^ Salt);
        return input;
    }
}

using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

/// <summary>Messages as Apache Kafka 4.4.0's own classes write them, made by GoldenMaker.java.</summary>
public sealed class GoldenTests
{
    private const byte DefaultsFilling = 0;
    private const byte NestedFilling = 5;

    public static TheoryData<string> MessageNames => new(Messages.All.Select(m => m.Name));

    [Fact]
    public void GoldenFile_HoldsEveryMessageInEveryVersion()
    {
        IEnumerable<string> ours = SchemaCatalog.All.Select(m => $"{m.Message.Name} {m.Version}").Order();
        IEnumerable<string> theirs = GoldenFile.Entries.SelectMany(e => e).Select(e => $"{e.Name} {e.Version}")
            .Distinct().Order();
        Assert.Equal(theirs, ours);
    }

    [Theory]
    [MemberData(nameof(MessageNames))]
    public void Defaults_AtEveryDepth_AreKafkas(string name)
    {
        foreach (GoldenEntry entry in GoldenFile.Entries[name])
        {
            if (entry.Filling is not (DefaultsFilling or NestedFilling)) continue;
            Filling filling = entry.Filling == DefaultsFilling ? Filling.Defaults : Filling.Nested;
            IMessage ours = new Filler(SchemaCatalog.Messages[name], entry.Version, filling, 0).Build();
            string written = Convert.ToHexString(KafkaWriter.ToArray(ours, entry.Version));
            Assert.True(Convert.ToHexString(entry.Bytes) == written,
                $"{entry}: {Convert.ToHexString(entry.Bytes)} / {written}");
        }
    }

    [Theory]
    [MemberData(nameof(MessageNames))]
    public void KafkasBytes_AreReadAndWrittenIdentically(string name)
    {
        MessageModel model = SchemaCatalog.Messages[name];
        foreach (GoldenEntry entry in GoldenFile.Entries[name])
        {
            var reader = new KafkaReader(entry.Bytes);
            IMessage? message = Messages.Read(name, entry.Version, ref reader);
            bool complete = message is not null && reader.IsComplete;
            Assert.True(complete, $"{entry}: {reader.Position} of {entry.Bytes.Length} read");
            string text = CanonicalText.Of(message!, model, entry.Version);
            Assert.True(entry.Digest == CanonicalText.Digest(text), $"{entry}: other values: {text}");
            Assert.Equal(entry.Bytes.Length, message!.Size(entry.Version));
            string written = Convert.ToHexString(KafkaWriter.ToArray(message, entry.Version));
            Assert.True(Convert.ToHexString(entry.Bytes) == written, $"{entry}: written otherwise");
        }
    }
}

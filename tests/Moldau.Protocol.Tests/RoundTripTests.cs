using Moldau.Base;
using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

public sealed class RoundTripTests
{
    public static TheoryData<string> MessageNames => new(Messages.All.Select(m => m.Name));

    [Theory]
    [MemberData(nameof(MessageNames))]
    public void EveryVersion_WithRandomContents_ReadsBackEqual(string name)
    {
        MessageModel message = SchemaCatalog.Messages[name];
        for (int v = message.Versions.Low; v <= message.Versions.High; v++)
        {
            foreach (Filling filling in Enum.GetValues<Filling>())
            {
                int seeds = filling == Filling.Random ? 20 : 1;
                for (int seed = 0; seed < seeds; seed++) RoundTrip(message, (short)v, filling, (v * 1000) + seed);
            }
        }
    }

    [Fact]
    public void NonDefaultField_ThatTheVersionLacks_IsRefused()
    {
        var request = new LeaveGroupRequest { Members = [new() { MemberId = "a" }] };
        Assert.Throws<BrokenInvariantException>(() => request.Size(2));
        var tagged = new FetchRequest { ReplicaState = new() { ReplicaId = 3 } };
        Assert.Throws<BrokenInvariantException>(() => tagged.Size(14));
    }

    [Fact]
    public void IgnorableField_ThatTheVersionLacks_IsDropped()
    {
        var response = new HeartbeatResponse { ThrottleTimeMs = 100, ErrorCode = 27 };
        var reader = new KafkaReader(KafkaWriter.ToArray(response, 0));
        HeartbeatResponse back = HeartbeatResponse.Read(ref reader, 0);
        Assert.Equal(0, back.ThrottleTimeMs);
        Assert.Equal(27, back.ErrorCode);
    }

    private static void RoundTrip(MessageModel model, short version, Filling filling, int seed)
    {
        string at = $"{model.Name} v{version} {filling} seed {seed}";
        IMessage message = new Filler(model, version, filling, seed).Build();
        byte[] bytes = KafkaWriter.ToArray(message, version);
        var reader = new KafkaReader(bytes);
        IMessage? back = Messages.Read(model.Name, version, ref reader);
        Assert.True(reader.IsComplete, $"{at}: {reader.Position} of {bytes.Length} read, failed {reader.Failed}");
        Assert.True(DeepEquality.Difference(message, back) is null, $"{at}: {DeepEquality.Difference(message, back)}");
        Assert.True(bytes.AsSpan().SequenceEqual(KafkaWriter.ToArray(back!, version)), $"{at}: written otherwise");
    }
}

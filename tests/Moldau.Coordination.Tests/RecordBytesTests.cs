using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>Records that an Apache Kafka 4.4.0 node (metadata.version 33) wrote to its __consumer_offsets, in hex.</summary>
public sealed class RecordBytesTests
{
    private const string EmptyGroup = "0003000000000000ffffffff000001a1fcd0ae7b00000000";

    private const string StaticMember =
        "00030008636f6e73756d6572000000010001720029696e73742d36366364366233342d343761362d346232652d626261342d613263666130623365623431"
        + "000001a1fcd0b26f000000010029696e73742d36366364366233342d343761362d346232652d626261342d6132636661306233656234310004696e7374"
        + "0003636c69000a2f3132372e302e302e3100000bb800001770000000170003"
        + "00000001000174ffffffff00000000ffffffffffff000000020102";

    private const string LeftGroup = "00030008636f6e73756d657200000002ffffffff000001a1fcd0a68c00000000";

    [Fact]
    public void Offset_WithTopicId_IsKafkasBytes()
    {
        Uuid topicId = new(unchecked((long)0x86a28e08bf0f46ce), unchecked((long)0xaaf43f253031419c));
        CoordinatorRecord record = GroupRecords.Offset("simple", "t", 0, new(5, -1, "m", 0x01a1fccf4d2b, -1, topicId));
        Assert.Equal("0001000673696d706c6500017400000000", Hex(record.Key));
        Assert.Equal("00040000000000000005ffffffff026d000001a1fccf4d2b01001086a28e08bf0f46ceaaf43f253031419c", Hex(record.Value!));
        Assert.Equal(Hex(record.Key), Hex(GroupRecords.OffsetTombstone("simple", "t", 0).Key));
    }

    [Fact]
    public void Offset_WithExpiry_IsKafkasBytes()
    {
        CommittedOffset offset = new(5, -1, "m", 0x01a1fccf4d86, 0x01a1fd063c06, new Uuid(1, 2));
        Assert.Equal(
            "0001000000000000000500016d000001a1fccf4d86000001a1fd063c06", Hex(GroupRecords.Offset("ret", "t", 0, offset).Value!));
    }

    [Theory]
    [InlineData(EmptyGroup)]
    [InlineData(StaticMember)]
    [InlineData(LeftGroup)]
    public void Group_ReadAndWrittenAgain_IsKafkasBytes(string hex)
    {
        KafkaReader reader = new(Convert.FromHexString(hex).AsSpan(2));
        CoordinatorRecord record = GroupRecords.GroupMetadata("su", GroupMetadataValue.Read(ref reader, 3));
        Assert.Equal("000200027375", Hex(record.Key));
        Assert.Equal(hex, Hex(record.Value!));
    }

    [Fact]
    public void Replay_OfKafkasGroup_IsStableWithItsMember()
    {
        GroupWorld world = new();
        byte[] key = Convert.FromHexString("000200027375");
        world.Log.Add(new LogEntry(new CoordinatorRecord(key, Convert.FromHexString(EmptyGroup))));
        world.Log.Add(new LogEntry(new CoordinatorRecord(key, Convert.FromHexString(StaticMember))));
        world.Settle();
        world.Reload(world.Log.Count);
        ClassicGroup group = Assert.Single(world.Shard.ClassicGroups);
        Assert.Equal((ClassicGroupState.Stable, 1), (group.State, group.Generation));
        Assert.Equal(("consumer", "r"), (group.ProtocolType, group.ProtocolName));
        ClassicMember member = Assert.Single(group.Members);
        Assert.Equal("inst-66cd6b34-47a6-4b2e-bba4-a2cfa0b3eb41", member.Id);
        Assert.Equal(("inst", "cli", "/127.0.0.1"), (member.InstanceId, member.ClientId, member.ClientHost));
        Assert.Equal((6000, 3000), (member.Settings.SessionTimeoutMs, member.Settings.RebalanceTimeoutMs));
        Assert.Equal([1, 2], member.Assignment);
        Assert.Equal(["t"], group.SubscribedTopics!);
        Assert.True(group.IsLeader(member.Id));

        // Nobody of it is there: its session ends as if it had just been heard of.
        world.Advance(5999);
        Assert.Equal(ClassicGroupState.Stable, group.State);
        world.Advance(1);
        Assert.Equal(ClassicGroupState.Empty, group.State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0002")]
    [InlineData("0002000a73")]
    [InlineData("0001000173")]
    [InlineData("0003000a73")]
    [InlineData("7fff000173")]
    [InlineData("ffff000173")]
    public void Replay_OfDamagedKeys_ChangesNothing(string key)
    {
        GroupWorld world = new();
        world.Shard.Replay(Convert.FromHexString(key), Convert.FromHexString(EmptyGroup), isTombstone: false, producerId: -1);
        world.Shard.Replay(Convert.FromHexString(key), [], isTombstone: true, producerId: -1);
        Assert.Equal(0, world.Shard.GroupCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0003")]
    [InlineData("00630000")]
    [InlineData("ffff0000")]
    [InlineData("00030008636f6e73756d6572000000017fff")]
    public void Replay_OfDamagedValues_ChangesNothing(string value)
    {
        GroupWorld world = new();
        byte[] bytes = Convert.FromHexString(value);
        world.Shard.Replay(Convert.FromHexString("000200027375"), bytes, isTombstone: false, producerId: -1);
        world.Shard.Replay(Convert.FromHexString("0001000673696d706c6500017400000000"), bytes, isTombstone: false, producerId: -1);
        Assert.Equal(0, world.Shard.GroupCount);
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}

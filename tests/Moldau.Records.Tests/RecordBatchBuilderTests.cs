using System.Text;
using Moldau.Base;

namespace Moldau.Records.Tests;

public sealed class RecordBatchBuilderTests
{
    public static TheoryData<CompressionCodec> Codecs => [.. Enum.GetValues<CompressionCodec>()];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Build_WhatWasAppended_IsReadBack(CompressionCodec codec)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions
        {
            BaseOffset = 500,
            PartitionLeaderEpoch = 7,
            Codec = codec,
            Producer = new ProducerIdAndEpoch(99, 3),
            BaseSequence = 20,
            IsTransactional = true,
        });
        Assert.True(builder.TryAppend(1000, "key"u8, "value"u8));
        Assert.True(builder.TryAppend(900, OptionalBytes.Null, ""u8, [new("h", [1, 2]), new("", null)]));
        Assert.True(builder.TryAppendAt(510, 2000, ""u8, OptionalBytes.Null));
        byte[] bytes = builder.BuildArray();

        Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(bytes, out RecordBatchView batch));
        Assert.True(batch.IsCrcValid);
        Assert.Equal(bytes.Length, batch.SizeInBytes);
        Assert.Equal(500, batch.BaseOffset);
        Assert.Equal(510, batch.LastOffset);
        Assert.Equal(511, batch.NextOffset);
        Assert.Equal(7, batch.PartitionLeaderEpoch);
        Assert.Equal(codec, batch.Codec);
        Assert.Equal(new ProducerIdAndEpoch(99, 3), batch.Producer);
        Assert.Equal(20, batch.BaseSequence);
        Assert.Equal(30, batch.LastSequence);
        Assert.Equal(3, batch.RecordCount);
        Assert.Equal(1000, batch.BaseTimestamp);
        Assert.Equal(2000, batch.MaxTimestamp);
        Assert.True(batch.IsTransactional);
        Assert.False(batch.IsControl);
        Assert.Equal(
            "500 @1000 key=value []; 501 @900 (null)= [h=\u0001\u0002 =(null)]; 510 @2000 =(null) []",
            Describe(batch));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Cursor_TellsNullFromEmpty(CompressionCodec codec)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions { Codec = codec });
        Assert.True(builder.TryAppend(1, OptionalBytes.Null, ""u8));
        Assert.True(builder.TryAppend(2, ""u8, OptionalBytes.Null));
        using RecordCodecs codecs = new();
        using RecordCursor cursor = new(codecs, 1 << 20);
        cursor.Open(builder.BuildArray());
        Assert.True(cursor.MoveNext(out RecordMemory first));
        Assert.Equal((null, 0), (first.Key?.Length, first.Value?.Length));
        Assert.True(cursor.MoveNext(out RecordMemory second));
        Assert.Equal((0, null), (second.Key?.Length, second.Value?.Length));
        Assert.False(cursor.MoveNext(out _));
    }

    [Fact]
    public void TryAppend_PastTheLimit_ChangesNothing()
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions { MaxBytes = 100 });
        Assert.True(builder.TryAppend(1, OptionalBytes.Null, "0123456789"u8));
        int size = builder.SizeInBytes;
        Assert.False(builder.TryAppend(1, OptionalBytes.Null, new byte[60]));
        Assert.Equal(size, builder.SizeInBytes);
        Assert.Equal(1, builder.RecordCount);
        Assert.Equal(size, builder.Build().Length);
    }

    [Fact]
    public void SetMaxTimestamp_ToLogAppendTime_AllRecordsCarryIt_AndTheChecksumHolds()
    {
        using RecordBatchBuilder builder = new(RecordBatchOptions.Default);
        builder.TryAppend(10, OptionalBytes.Null, "a"u8);
        builder.TryAppend(20, OptionalBytes.Null, "b"u8);
        byte[] bytes = builder.BuildArray();
        MutableRecordBatch batch = new(bytes);
        batch.SetMaxTimestamp(TimestampType.LogAppendTime, 77);
        batch.SetLastOffset(41);
        batch.SetPartitionLeaderEpoch(5);
        Assert.True(batch.View.IsCrcValid);
        Assert.Equal(TimestampType.LogAppendTime, batch.View.TimestampType);
        Assert.Equal("40 @77 (null)=a []; 41 @77 (null)=b []", Describe(batch.View));
    }

    [Fact]
    public void EndTransaction_MarkerRoundTrips()
    {
        byte[] bytes = ControlBatches.BuildEndTransaction(
            new RecordBatchOptions { BaseOffset = 9, Producer = new(4, 2) }, 1234, isCommit: true, coordinatorEpoch: 6);
        Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(bytes, out RecordBatchView batch));
        Assert.True(batch.IsControl);
        Assert.True(batch.IsTransactional);
        using RecordEnumerator records = batch.ReadRecords();
        Assert.True(records.MoveNext());
        Assert.True(ControlBatches.TryReadKey(records.Current.Key, out ControlRecordType type));
        Assert.Equal(ControlRecordType.Commit, type);
        Assert.True(ControlBatches.TryReadEndTransaction(records.Current.Value, out int epoch));
        Assert.Equal(6, epoch);
        Assert.False(records.MoveNext());
    }

    [Fact]
    public void Enumerator_StopsAtAnIncompleteOrCorruptEntry()
    {
        using RecordBatchBuilder builder = new(RecordBatchOptions.Default);
        builder.TryAppend(10, OptionalBytes.Null, "a"u8);
        byte[] one = builder.BuildArray();
        byte[] two = [.. one, .. one];
        RecordBatchEnumerator torn = new(two.AsSpan(0, two.Length - 1));
        Assert.True(torn.MoveNext());
        Assert.False(torn.MoveNext());
        Assert.Equal(BatchReadStatus.Incomplete, torn.Status);
        Assert.Equal(one.Length, torn.Position);
        two[one.Length + RecordBatchLayout.Magic] = 3;
        RecordBatchEnumerator corrupt = new(two);
        Assert.True(corrupt.MoveNext());
        Assert.False(corrupt.MoveNext());
        Assert.Equal(BatchReadStatus.Corrupt, corrupt.Status);
    }

    [Theory]
    [InlineData(int.MaxValue, 1, 0)]
    [InlineData(int.MaxValue - 1, 5, 3)]
    [InlineData(5, 6, 11)]
    public void Sequence_WrapsToZero(int sequence, int increment, int expected)
    {
        Assert.Equal(expected, RecordSequence.Add(sequence, increment));
        Assert.Equal(sequence, RecordSequence.Subtract(expected, increment));
    }

    internal static string Describe(RecordBatchView batch, RecordCodecs? codecs = null)
    {
        List<string> lines = [];
        using RecordEnumerator records = batch.ReadRecords(codecs);
        while (records.MoveNext())
        {
            RecordView record = records.Current;
            List<string> headers = [];
            foreach (RecordHeaderView header in record.Headers)
                headers.Add($"{Text(header.Key, false)}={Text(header.Value, header.IsValueNull)}");
            string key = Text(record.Key, record.IsKeyNull);
            string value = Text(record.Value, record.IsValueNull);
            lines.Add($"{record.Offset} @{record.Timestamp} {key}={value} [{string.Join(' ', headers)}]");
        }

        if (records.Status != RecordReadStatus.Ok) lines.Add(records.Status.ToString());
        return string.Join("; ", lines);
    }

    private static string Text(ReadOnlySpan<byte> bytes, bool isNull) =>
        isNull ? "(null)" : Encoding.Latin1.GetString(bytes);

    [Fact]
    public void Cursor_OfABatchWithARest_HandsOutNothingOfItsLastRecord()
    {
        using RecordBatchBuilder builder = new(RecordBatchOptions.Default);
        builder.TryAppend(1, OptionalBytes.Null, new OptionalBytes("first"u8));
        byte[] batch = [.. builder.BuildArray(), 0];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(RecordBatchLayout.Length),
            batch.Length - RecordBatchLayout.LogOverhead);
        using RecordCodecs codecs = new();
        using RecordCursor cursor = new(codecs, 1 << 20);
        cursor.Open(batch);
        Assert.False(cursor.MoveNext(out _));
        Assert.Equal(RecordReadStatus.Corrupt, cursor.Status);
    }
}

using System.Buffers.Binary;
using System.Text;
using Moldau.Base;
using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

public sealed class FetchViewTests
{
    public static TheoryData<short> Versions => new(Enumerable.Range(4, 15).Select(v => (short)v));

    [Theory]
    [MemberData(nameof(Versions))]
    public void View_ReadsWhatTheClassWrote(short version)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            byte[] frame = Frame(version, seed, out int start, out FetchRequest request);
            Assert.True(FetchRequestView.TryRead(frame, start, version, out FetchRequestView view));
            int replica = version >= 15 ? request.ReplicaState.ReplicaId : request.ReplicaId;
            Assert.Equal((replica, request.ReplicaState.ReplicaEpoch), (view.ReplicaId, view.ReplicaEpoch));
            Assert.Equal(request.ClusterId, view.HasClusterId ? Encoding.UTF8.GetString(view.ClusterId) : null);
            Assert.Equal((request.MaxWaitMs, request.MinBytes, request.MaxBytes),
                (view.MaxWaitMs, view.MinBytes, view.MaxBytes));
            Assert.Equal((request.IsolationLevel, request.SessionId), (view.IsolationLevel, view.SessionId));
            Assert.Equal((request.SessionEpoch, request.RackId),
                (view.SessionEpoch, Encoding.UTF8.GetString(view.RackId)));
            Topics(ref view, request);
            view.StartForgottenTopics(frame);
            Forgotten(ref view, request);
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void View_AcceptsWhatTheClassAccepts_AndNothingElse(short version)
    {
        var random = new Random(version);
        for (int seed = 0; seed < 400; seed++)
        {
            byte[] frame = Frame(version, seed, out int start, out _);
            if (random.Next(3) == 0) frame = frame[..random.Next(start, frame.Length)];
            for (int i = random.Next(3); i > 0 && frame.Length > start; i--)
                frame[random.Next(start, frame.Length)] = (byte)random.Next(256);
            var reader = new KafkaReader(frame);
            reader.Skip(start);
            FetchRequest.Read(ref reader, version);
            bool accepted = FetchRequestView.TryRead(frame, start, version, out _);
            Assert.True(accepted == !reader.Failed, $"v{version} seed {seed}: view {accepted}, class {!reader.Failed}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Writer_WithSplicedRecords_WritesTheSameBytesAsTheClass(short version)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var response = (FetchResponse)Filler.Random("FetchResponse", version, seed);
            WithoutUnknownTags.Strip(response);
            ApiInfo api = ApiTable.Get(ApiKey.Fetch);
            byte[] expected = new byte[ResponseFrame.Size(api, response, version)];
            ResponseFrame.Write(expected, api, 77, response, version);

            FetchResponseWriter counter = FetchResponseWriter.Counter(version);
            Write(ref counter, response, []);
            byte[] buffer = new byte[counter.Position];
            var writer = new FetchResponseWriter(buffer, version);
            var splices = new List<(int At, byte[] Records)>();
            Write(ref writer, response, splices);
            Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(Spliced(buffer, splices)));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void ResponseView_ReadsWhatTheClassWrote(short version)
    {
        ApiInfo api = ApiTable.Get(ApiKey.Fetch);
        for (int seed = 0; seed < 40; seed++)
        {
            var response = (FetchResponse)Filler.Random("FetchResponse", version, seed);
            byte[] frame = new byte[ResponseFrame.Size(api, response, version)];
            ResponseFrame.Write(frame, api, 77, response, version);
            frame = frame[ResponseFrame.LengthPrefix..];
            FetchResponseView view = new(frame, ResponseFrame.HeaderSize(api, version), version);
            Assert.Equal(response.SessionId, view.SessionId);
            foreach (FetchResponse.FetchableTopicResponse topic in response.Responses)
            {
                Assert.True(view.NextTopic());
                Assert.Equal(topic.Topic, Encoding.UTF8.GetString(view.Topic.Name));
                Assert.Equal(topic.TopicId, view.Topic.Id);
                foreach (FetchResponse.PartitionData expected in topic.Partitions)
                {
                    Assert.True(view.NextPartition());
                    ComparePartition(expected, view, frame);
                }

                Assert.False(view.NextPartition());
            }

            Assert.False(view.NextTopic());
            Assert.Equal(
                response.NodeEndpoints.Select(e => new LeaderEndpoint(e.NodeId, e.Host, e.Port, e.Rack)), view.ReadTail());
            Assert.False(view.Failed);
        }
    }

    private static void ComparePartition(FetchResponse.PartitionData expected, in FetchResponseView view, byte[] frame)
    {
        Assert.Equal(expected.PartitionIndex, view.Partition);
        Assert.Equal(ErrorCodes.FromWire(expected.ErrorCode), view.PartitionError);
        Assert.Equal((expected.HighWatermark, expected.LastStableOffset, expected.LogStartOffset),
            (view.HighWatermark, view.LastStableOffset, view.LogStartOffset));
        Assert.Equal((expected.CurrentLeader.LeaderId, expected.CurrentLeader.LeaderEpoch),
            (view.CurrentLeader.LeaderId, view.CurrentLeader.LeaderEpoch));
        Assert.Equal((expected.DivergingEpoch.Epoch, expected.DivergingEpoch.EndOffset),
            (view.DivergingEpoch.Epoch, view.DivergingEpoch.Offset));
        Assert.Equal(expected.PreferredReadReplica, view.PreferredReadReplica);
        Assert.Equal(expected.Records ?? [], frame.AsSpan(view.RecordsStart, view.RecordsLength).ToArray());
        Assert.Equal(expected.AbortedTransactions?.Select(a => (a.ProducerId, a.FirstOffset)) ?? [],
            view.ReadAborted(frame).Select(a => (a.ProducerId, a.FirstOffset)));
    }

    [Fact]
    public void Views_AllocateNothing()
    {
        byte[] frame = Frame(18, 3, out _, out _);
        byte[] buffer = new byte[4096];
        var aborted = new AbortedTransactionEntry[] { new(1, 2) };
        long Run()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                RequestHeaderView.TryRead(frame, out RequestHeaderView header);
                FetchRequestView.TryRead(frame, header.BodyStart, 18, out FetchRequestView view);
                while (view.NextTopic())
                {
                    while (view.NextPartition())
                    {
                    }
                }

                var writer = new FetchResponseWriter(buffer, 18);
                writer.Begin(1, 0, ErrorCode.None, 5, 1);
                writer.BeginTopic(default, Uuid.MetadataTopic, 1);
                var result = new FetchPartitionResult { AbortedTransactions = aborted, HasAbortedTransactions = true };
                writer.BeginPartition(result, 1000);
                writer.EndPartition(result);
                writer.EndTopic();
                writer.End();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Run();
        Assert.Equal(0, Run());
    }

    private static void Topics(ref FetchRequestView view, FetchRequest request)
    {
        foreach (FetchRequest.FetchTopic topic in request.Topics)
        {
            Assert.True(view.NextTopic());
            Assert.Equal((topic.Topic, topic.TopicId), (Encoding.UTF8.GetString(view.Topic.Name), view.Topic.Id));
            foreach (FetchRequest.FetchPartition p in topic.Partitions)
            {
                Assert.True(view.NextPartition());
                Assert.Equal((p.Partition, p.CurrentLeaderEpoch), (view.Partition, view.CurrentLeaderEpoch));
                Assert.Equal((p.FetchOffset, p.LastFetchedEpoch), (view.FetchOffset, view.LastFetchedEpoch));
                Assert.Equal((p.LogStartOffset, p.PartitionMaxBytes), (view.LogStartOffset, view.PartitionMaxBytes));
                Assert.Equal((p.ReplicaDirectoryId, p.HighWatermark), (view.ReplicaDirectoryId, view.HighWatermark));
            }

            Assert.False(view.NextPartition());
        }

        Assert.False(view.NextTopic());
    }

    private static void Forgotten(ref FetchRequestView view, FetchRequest request)
    {
        foreach (FetchRequest.ForgottenTopic topic in request.ForgottenTopicsData)
        {
            Assert.True(view.NextForgottenTopic());
            Assert.Equal((topic.Topic, topic.TopicId), (Encoding.UTF8.GetString(view.Topic.Name), view.Topic.Id));
            foreach (int partition in topic.Partitions)
            {
                Assert.True(view.NextForgottenPartition());
                Assert.Equal(partition, view.Partition);
            }
        }

        Assert.False(view.NextForgottenTopic());
    }

    private static byte[] Frame(short version, int seed, out int start, out FetchRequest request)
    {
        request = (FetchRequest)Filler.Random("FetchRequest", version, seed);
        return RequestFrames.Build(ApiKey.Fetch, version, request, out start);
    }

    private static byte[] Spliced(byte[] buffer, List<(int At, byte[] Records)> splices)
    {
        var whole = new List<byte>();
        int from = 0;
        foreach ((int at, byte[] records) in splices)
        {
            whole.AddRange(buffer[from..at]);
            whole.AddRange(records);
            from = at;
        }

        whole.AddRange(buffer[from..]);
        byte[] frame = [.. whole];
        Assert.Equal(frame.Length - 4, BinaryPrimitives.ReadInt32BigEndian(frame));
        return frame;
    }

    private static void Write(ref FetchResponseWriter writer, FetchResponse response,
        List<(int At, byte[] Records)> splices)
    {
        writer.Begin(77, response.ThrottleTimeMs, (ErrorCode)response.ErrorCode, response.SessionId,
            response.Responses.Count);
        foreach (FetchResponse.FetchableTopicResponse topic in response.Responses)
        {
            writer.BeginTopic(Encoding.UTF8.GetBytes(topic.Topic), topic.TopicId, topic.Partitions.Count);
            foreach (FetchResponse.PartitionData p in topic.Partitions)
            {
                FetchPartitionResult result = Result(p);
                writer.BeginPartition(result, p.Records?.Length ?? -1);
                splices.Add((writer.Position, p.Records ?? []));
                writer.EndPartition(result);
            }

            writer.EndTopic();
        }

        writer.End(response.NodeEndpoints.Select(e => new LeaderEndpoint(e.NodeId, e.Host, e.Port, e.Rack)).ToArray());
    }

    private static FetchPartitionResult Result(FetchResponse.PartitionData p) => new()
    {
        PartitionIndex = p.PartitionIndex,
        ErrorCode = (ErrorCode)p.ErrorCode,
        HighWatermark = p.HighWatermark,
        LastStableOffset = p.LastStableOffset,
        LogStartOffset = p.LogStartOffset,
        HasAbortedTransactions = p.AbortedTransactions is not null,
        AbortedTransactions = p.AbortedTransactions?
            .Select(a => new AbortedTransactionEntry(a.ProducerId, a.FirstOffset)).ToArray(),
        PreferredReadReplica = p.PreferredReadReplica,
        DivergingEpoch = new(p.DivergingEpoch.Epoch, p.DivergingEpoch.EndOffset),
        CurrentLeader = new(p.CurrentLeader.LeaderId, p.CurrentLeader.LeaderEpoch),
        SnapshotId = new(p.SnapshotId.Epoch, p.SnapshotId.EndOffset),
    };
}

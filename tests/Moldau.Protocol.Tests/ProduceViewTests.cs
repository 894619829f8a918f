using System.Text;
using Moldau.Base;
using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

public sealed class ProduceViewTests
{
    public static TheoryData<short> Versions => new(Enumerable.Range(3, 11).Select(v => (short)v));

    [Theory]
    [MemberData(nameof(Versions))]
    public void View_ReadsWhatTheClassWrote(short version)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            byte[] frame = Frame(version, seed, out int start, out ProduceRequest request);
            Assert.True(ProduceRequestView.TryRead(frame, start, version, out ProduceRequestView view));
            string? transactionalId = view.HasTransactionalId ? Encoding.UTF8.GetString(view.TransactionalId) : null;
            Assert.Equal(request.TransactionalId, transactionalId);
            Assert.Equal((request.Acks, request.TimeoutMs, request.TopicData.Count),
                (view.Acks, view.TimeoutMs, view.TopicCount));
            foreach (ProduceRequest.TopicProduceData topic in request.TopicData)
            {
                Assert.True(view.NextTopic());
                Assert.Equal(topic.Name, Encoding.UTF8.GetString(view.Topic.Name));
                Assert.Equal(topic.TopicId, view.Topic.Id);
                Assert.Equal(topic.PartitionData.Count, view.PartitionCount);
                foreach (ProduceRequest.PartitionProduceData partition in topic.PartitionData)
                {
                    Assert.True(view.NextPartition());
                    Assert.Equal(partition.Index, view.Partition);
                    Assert.Equal(partition.Records?.Length ?? -1, view.RecordsLength);
                    if (partition.Records is { } records)
                        Assert.Equal(records, frame.AsSpan(view.RecordsStart, view.RecordsLength).ToArray());
                }

                Assert.False(view.NextPartition());
            }

            Assert.False(view.NextTopic());
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
            ProduceRequest.Read(ref reader, version);
            bool accepted = ProduceRequestView.TryRead(frame, start, version, out _);
            Assert.True(accepted == !reader.Failed, $"v{version} seed {seed}: view {accepted}, class {!reader.Failed}");
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void ResponseView_ReadsWhatTheClassWrote(short version)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var response = (ProduceResponse)Filler.Random("ProduceResponse", version, seed);
            byte[] frame = ResponseBytes(version, response);
            ProduceResponseView view = new(frame, ResponseFrame.HeaderSize(ApiTable.Get(ApiKey.Produce), version), version);
            bool isAllWell = response.Responses.All(t => t.PartitionResponses.All(p => p.ErrorCode == 0));
            Assert.Equal(isAllWell, view.IsAllWell());
            foreach (ProduceResponse.TopicProduceResponse topic in response.Responses)
            {
                Assert.True(view.NextTopic());
                Assert.Equal(topic.Name, Encoding.UTF8.GetString(view.Topic.Name));
                Assert.Equal(topic.TopicId, view.Topic.Id);
                foreach (ProduceResponse.PartitionProduceResponse expected in topic.PartitionResponses)
                {
                    Assert.True(view.NextPartition());
                    Assert.Equal(
                        (expected.Index, ErrorCodes.FromWire(expected.ErrorCode), expected.BaseOffset, expected.LogAppendTimeMs),
                        (view.Partition, view.PartitionError, view.BaseOffset, view.LogAppendTimeMs));
                }

                Assert.False(view.NextPartition());
            }

            Assert.False(view.NextTopic());
            Assert.False(view.Failed);
        }
    }

    /// <summary>What the view takes for an answer in which all is well is one for the class, whatever the bytes.</summary>
    [Theory]
    [MemberData(nameof(Versions))]
    public void ResponseView_SeesWhatTheClassSees_InDamagedBytesToo(short version)
    {
        Random random = new(version);
        int start = ResponseFrame.HeaderSize(ApiTable.Get(ApiKey.Produce), version);
        int well = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            var response = (ProduceResponse)Filler.Random("ProduceResponse", version, seed);
            foreach (var partition in response.Responses.SelectMany(t => t.PartitionResponses)) partition.ErrorCode = 0;
            byte[] frame = ResponseBytes(version, response);
            if (random.Next(3) == 0) frame = frame[..random.Next(start, frame.Length)];
            for (int i = random.Next(3); i > 0 && frame.Length > start; i--)
                frame[random.Next(start, frame.Length)] = (byte)random.Next(256);
            ProduceResponseView view = new(frame, start, version);
            if (!view.IsAllWell()) continue;
            well++;
            KafkaReader reader = new(frame);
            reader.Skip(start);
            ProduceResponse read = ProduceResponse.Read(ref reader, version);

            // The view passes over texts and over leaders' endpoints, whatever is in them.
            if (reader.Failed) continue;
            List<(int, long, long)> seen = [];
            while (view.NextTopic())
                while (view.NextPartition()) seen.Add((view.Partition, view.BaseOffset, view.LogAppendTimeMs));
            var partitions = read.Responses.SelectMany(t => t.PartitionResponses).ToArray();
            Assert.Equal(partitions.Select(p => (p.Index, p.BaseOffset, p.LogAppendTimeMs)), seen);
            Assert.All(partitions, p => Assert.Equal(0, p.ErrorCode));
        }

        Assert.True(well > 100, $"{well} answers were well");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Writer_WritesTheSameBytesAsTheClass(short version)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var response = (ProduceResponse)Filler.Random("ProduceResponse", version, seed);
            WithoutUnknownTags.Strip(response);
            ApiInfo api = ApiTable.Get(ApiKey.Produce);
            byte[] expected = new byte[ResponseFrame.Size(api, response, version)];
            ResponseFrame.Write(expected, api, 77, response, version);

            ProduceResponseWriter counter = ProduceResponseWriter.Counter(version);
            Write(ref counter, response);
            byte[] actual = new byte[counter.Position];
            var writer = new ProduceResponseWriter(actual, version);
            Write(ref writer, response);
            Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(actual));
        }
    }

    private static byte[] ResponseBytes(short version, ProduceResponse response)
    {
        ApiInfo api = ApiTable.Get(ApiKey.Produce);
        byte[] frame = new byte[ResponseFrame.Size(api, response, version)];
        ResponseFrame.Write(frame, api, 77, response, version);
        return frame[ResponseFrame.LengthPrefix..];
    }

    [Fact]
    public void Views_AllocateNothing()
    {
        byte[] frame = Frame(13, 3, out int start, out _);
        byte[] buffer = new byte[4096];
        byte[] name = "topic"u8.ToArray();
        long Run()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                RequestHeaderView.TryRead(frame, out RequestHeaderView header);
                ProduceRequestView.TryRead(frame, header.BodyStart, 13, out ProduceRequestView view);
                while (view.NextTopic())
                {
                    while (view.NextPartition())
                    {
                    }
                }

                var writer = new ProduceResponseWriter(buffer, 13);
                writer.Begin(1, 1);
                writer.BeginTopic(name, Uuid.MetadataTopic, 2);
                var result = new ProducePartitionResult { BaseOffset = 5, CurrentLeader = new(1, 2) };
                writer.Partition(result);
                writer.Partition(result);
                writer.EndTopic();
                writer.End(0);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Run();
        Assert.Equal(0, Run());
    }

    private static byte[] Frame(short version, int seed, out int start, out ProduceRequest request)
    {
        request = (ProduceRequest)Filler.Random("ProduceRequest", version, seed);
        return RequestFrames.Build(ApiKey.Produce, version, request, out start);
    }

    private static void Write(ref ProduceResponseWriter writer, ProduceResponse response)
    {
        writer.Begin(77, response.Responses.Count);
        foreach (ProduceResponse.TopicProduceResponse topic in response.Responses)
        {
            writer.BeginTopic(Encoding.UTF8.GetBytes(topic.Name), topic.TopicId, topic.PartitionResponses.Count);
            foreach (ProduceResponse.PartitionProduceResponse partition in topic.PartitionResponses)
            {
                writer.Partition(new ProducePartitionResult
                {
                    Index = partition.Index,
                    ErrorCode = (ErrorCode)partition.ErrorCode,
                    BaseOffset = partition.BaseOffset,
                    LogAppendTimeMs = partition.LogAppendTimeMs,
                    LogStartOffset = partition.LogStartOffset,
                    RecordErrors = partition.RecordErrors,
                    ErrorMessage = partition.ErrorMessage,
                    CurrentLeader = new(partition.CurrentLeader.LeaderId, partition.CurrentLeader.LeaderEpoch),
                });
            }

            writer.EndTopic();
        }

        writer.End(response.ThrottleTimeMs,
            response.NodeEndpoints.Select(e => new LeaderEndpoint(e.NodeId, e.Host, e.Port, e.Rack)).ToArray());
    }
}

using System.Buffers.Binary;
using System.Text;

namespace Moldau.Protocol.Tests;

public sealed class HeaderTests
{
    [Fact]
    public void ClientId_IsNeverCompact()
    {
        var header =
            new RequestHeader { RequestApiKey = 18, RequestApiVersion = 3, CorrelationId = 7, ClientId = "ab" };
        Assert.Equal("0012000300000007" + "00026162" + "00", Convert.ToHexString(KafkaWriter.ToArray(header, 2)));
    }

    [Fact]
    public void View_ReadsWhatTheClassWrote_ForEveryApiAndVersion()
    {
        foreach (ApiInfo api in ApiTable.All.Where(a => !a.IsRemoved))
        {
            for (short version = api.LowestVersion; version <= api.HighestVersion; version++)
            {
                byte[] frame = RequestFrames.Build(api.Key, version, new ResponseHeader(), out int start);
                Assert.True(RequestHeaderView.TryRead(frame, out RequestHeaderView header));
                Assert.Equal((api.Key, version, 42), (header.Api.Key, header.Version, header.CorrelationId));
                Assert.Equal(("client", start), (Encoding.UTF8.GetString(header.ClientId), header.BodyStart));
                Assert.True(header.IsSupported);
            }
        }
    }

    [Fact]
    public void Frames_AreReadByTheOtherSide()
    {
        var request = new HeartbeatRequest { GroupId = "g", MemberId = "m", GenerationId = 3 };
        var response = new HeartbeatResponse { ErrorCode = 27 };
        ApiInfo api = ApiTable.Get(ApiKey.Heartbeat);
        for (short version = 0; version <= api.HighestVersion; version++)
        {
            byte[] frame = new byte[RequestFrame.Size(api, version, null, request)];
            RequestFrame.Write(frame, api, version, 9, null, request);
            Assert.Equal(frame.Length - 4, BinaryPrimitives.ReadInt32BigEndian(frame));
            Assert.True(RequestHeaderView.TryRead(frame.AsSpan(4), out RequestHeaderView header));
            Assert.Equal((9, false), (header.CorrelationId, header.HasClientId));
            var reader = new KafkaReader(frame.AsSpan(4)[header.BodyStart..]);
            Assert.Equal("m", HeartbeatRequest.Read(ref reader, version).MemberId);
            Assert.True(reader.IsComplete);

            byte[] answer = new byte[ResponseFrame.Size(api, response, version)];
            ResponseFrame.Write(answer, api, 9, response, version);
            reader = new KafkaReader(answer.AsSpan(4));
            Assert.Equal(9, ResponseFrame.ReadHeader(ref reader, api, version));
            Assert.Equal(27, HeartbeatResponse.Read(ref reader, version).ErrorCode);
            Assert.True(reader.IsComplete);
        }
    }

    [Theory]
    [InlineData("0012")]
    [InlineData("0012000300000007000261")]
    [InlineData("00120003000000070002616201")]
    [InlineData("00040000000000070000")]
    [InlineData("7FFF0000000000070000")]
    [InlineData("FFFF0000000000070000")]
    public void ShortOrUnknownHeader_IsRefused(string hex) =>
        Assert.False(RequestHeaderView.TryRead(Convert.FromHexString(hex), out _));

    /// <summary>Damaged text grows to three times its bytes: one byte more and it is longer than a string may be.</summary>
    [Theory]
    [InlineData(short.MaxValue / 3, true)]
    [InlineData((short.MaxValue / 3) + 1, false)]
    public void ClientIdThatIsNoText_IsReadByViewAndClassAlike(int length, bool isRead)
    {
        byte[] frame = [0, 18, 0, 0, 0, 0, 0, 7, (byte)(length >> 8), (byte)length, .. Enumerable.Repeat((byte)0xFF, length)];
        KafkaReader reader = new(frame);
        RequestHeader.Read(ref reader, 1);
        Assert.Equal(isRead, !reader.Failed);
        Assert.Equal(isRead, RequestHeaderView.TryRead(frame, out _));
    }

    [Fact]
    public void ApiVersionsResponse_HasTheOldHeaderInEveryVersion()
    {
        ApiInfo api = ApiTable.Get(ApiKey.ApiVersions);
        for (short version = 0; version <= api.HighestVersion; version++)
            Assert.Equal(0, api.ResponseHeaderVersion(version));
        Assert.Equal(2, api.RequestHeaderVersion(3));
        Assert.Equal(1, ApiTable.Get(ApiKey.Fetch).ResponseHeaderVersion(12));
        Assert.Equal(0, ApiTable.Get(ApiKey.Fetch).ResponseHeaderVersion(11));
    }

    [Fact]
    public void ApiTable_IsIndexedByKey()
    {
        for (short key = 0; key < ApiTable.All.Length; key++) Assert.Equal((ApiKey)key, ApiTable.Find(key)!.Key);
        Assert.Equal(95, ApiTable.All.Length);
        Assert.Null(ApiTable.Find(95));
        Assert.Null(ApiTable.Find(-1));
    }
}

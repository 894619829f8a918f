using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Shell;

/// <summary>A client that has no thread of its own, before a broker that is a script behind a real socket.</summary>
public sealed class CallerWorldTests
{
    [Fact]
    public async Task WhatIsAsked_HasHappenedWhenTheTaskIsThere_AlsoFromAnswersInPieces()
    {
        using SocketBroker broker = new() { PieceBytes = 3 };
        await using MoldauClient client = MoldauClient.OfCaller(Settings(broker, 30_000), null);
        Task<IReadOnlyList<TopicInfo>> asked = client.Admin.ListTopicsAsync(Patience.Token);
        Assert.True(asked.IsCompletedSuccessfully);
        Assert.Equal("t", Assert.Single(await asked).Name);
        Assert.True(client.Admin.ListTopicsAsync(Patience.Token).IsCompletedSuccessfully);
        Assert.Equal(1, broker.Connections);
    }

    [Fact]
    public async Task OpenConnection_IsTheFirstLink()
    {
        using SocketBroker broker = new();
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, broker.Port), Patience.Token);
        await using MoldauClient client = MoldauClient.OfCaller(
            Settings(broker, 30_000), new OpenConnection(new BrokerAddress("localhost", broker.Port), socket));
        Assert.True(client.Admin.ListTopicsAsync(Patience.Token).IsCompletedSuccessfully);
        Assert.Equal(1, broker.Connections);
    }

    [Fact]
    public async Task LinkThatThePeerCloses_IsOpenedAnew()
    {
        using SocketBroker broker = new() { HangsUpBefore = ApiKey.Metadata };
        await using MoldauClient client = MoldauClient.OfCaller(Settings(broker, 30_000), null);
        Assert.Equal("t", Assert.Single(await client.Admin.ListTopicsAsync(Patience.Token)).Name);
        Assert.True(broker.Connections > 1);
    }

    [Fact]
    public async Task SilentBroker_EndsByTheDeadline()
    {
        using SocketBroker broker = new() { IsSilent = true };
        await using MoldauClient client = MoldauClient.OfCaller(Settings(broker, 300), null);
        MoldauException error = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.ListTopicsAsync(Patience.Token));
        Assert.Equal(ErrorCode.RequestTimedOut, error.Error);
    }

    [Fact]
    public async Task GivingUp_EndsTheWait()
    {
        using SocketBroker broker = new() { IsSilent = true };
        await using MoldauClient client = MoldauClient.OfCaller(Settings(broker, 600_000), null);
        using CancellationTokenSource giveUp = new(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Admin.ListTopicsAsync(giveUp.Token));
    }

    private static ClientSettings Settings(SocketBroker broker, int timeoutMs) => new()
    {
        BootstrapServers = [new BrokerAddress("localhost", broker.Port)],
        ApiTimeout = Duration.FromMs(timeoutMs),
        RequestTimeout = Duration.FromMs(Math.Min(timeoutMs, 30_000)),
    };

    /// <summary>Answers what the client needs to list topics.</summary>
    private sealed class SocketBroker : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentBag<TcpClient> _open = [];
        private int _connections;
        private int _hangUps;

        public SocketBroker()
        {
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _ = Task.Run(AcceptAsync);
        }

        public int Port { get; }

        public int Connections => Volatile.Read(ref _connections);

        public bool IsSilent { get; init; }

        /// <summary>So many bytes are sent at once.</summary>
        public int PieceBytes { get; init; } = int.MaxValue;

        /// <summary>The first such request is not answered.</summary>
        public ApiKey? HangsUpBefore { get; init; }

        public void Dispose()
        {
            _listener.Stop();
            foreach (TcpClient open in _open) open.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    TcpClient peer = await _listener.AcceptTcpClientAsync();
                    Interlocked.Increment(ref _connections);
                    _open.Add(peer);
                    _ = Task.Run(() => ServeAsync(peer));
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Stopped.
            }
        }

        private async Task ServeAsync(TcpClient peer)
        {
            using TcpClient own = peer;
            try
            {
                own.NoDelay = true;
                NetworkStream stream = own.GetStream();
                byte[] size = new byte[4];
                while (true)
                {
                    await stream.ReadExactlyAsync(size);
                    byte[] request = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
                    await stream.ReadExactlyAsync(request);
                    if (IsSilent) continue;
                    if (Answer(request) is not { } answer) return;
                    for (int at = 0; at < answer.Length; at += PieceBytes)
                    {
                        await stream.WriteAsync(answer.AsMemory(at, Math.Min(PieceBytes, answer.Length - at)));
                        if (PieceBytes < answer.Length) await Task.Yield();
                    }
                }
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // The client has gone.
            }
        }

        private byte[]? Answer(byte[] request)
        {
            Assert.True(RequestHeaderView.TryRead(request, out RequestHeaderView header));
            if (header.Api.Key == HangsUpBefore && Interlocked.Increment(ref _hangUps) == 1) return null;
            IMessage message = header.Api.Key == ApiKey.ApiVersions
                ? new ApiVersionsResponse
                {
                    ApiKeys = [.. ApiTable.All.Where(a => !a.IsRemoved).Select(a => new ApiVersionsResponse.ApiVersion
                    {
                        ApiKey = (short)a.Key,
                        MinVersion = a.LowestVersion,
                        MaxVersion = a.HighestVersion,
                    })],
                }
                : new MetadataResponse
                {
                    ClusterId = "scripted",
                    ControllerId = 1,
                    Brokers = [new() { NodeId = 1, Host = "localhost", Port = Port }],
                    Topics = [new() { Name = "t", Partitions = [new() { PartitionIndex = 0, LeaderId = 1, ReplicaNodes = [1], IsrNodes = [1] }] }],
                };
            byte[] whole = new byte[ResponseFrame.Size(header.Api, message, header.Version)];
            ResponseFrame.Write(whole, header.Api, header.CorrelationId, message, header.Version);
            return whole;
        }
    }
}

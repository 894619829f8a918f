using Moldau.Protocol;

namespace Moldau.Client.Tests.Support;

/// <summary>A world for a whole client without a socket: each link leads to one broker, which answers within the call.</summary>
internal sealed class ScriptedLinks(Func<ApiKey, short, IMessage?> answer) : IClientWorld
{
    public List<ScriptedLink> Links { get; } = [];

    public List<ApiKey> Requests { get; } = [];

    public ILink NewLink(ClientDriver driver, long number, BrokerAddress address)
    {
        ScriptedLink link = new(this, driver, number);
        Links.Add(link);
        return link;
    }

    public void Run(ClientDriver driver, ClientJob job) => throw new InvalidOperationException("nothing is compressed here");

    internal sealed class ScriptedLink(ScriptedLinks world, ClientDriver driver, long number) : ILink
    {
        private readonly Queue<ClientFrame> _outgoing = new();

        public Task Ended => Task.CompletedTask;

        public bool IsClosed { get; private set; }

        // Under the driver's lock, which is the caller's: events come from elsewhere.
        public void Start() => _ = Task.Run(() => driver.Post(ClientEvent.Opened(number)));

        public bool Enqueue(ClientFrame frame)
        {
            _outgoing.Enqueue(frame);
            return true;
        }

        public void Flush()
        {
            while (_outgoing.TryDequeue(out ClientFrame? frame))
            {
                Answer(frame);
                frame.Release();
            }
        }

        public void Close() => IsClosed = true;

        /// <summary>The peer hangs up.</summary>
        public void Break() => driver.Post(ClientEvent.Closed(number, new LinkFailure("the script hung up")));

        private void Answer(ClientFrame frame)
        {
            Assert.True(RequestHeaderView.TryRead(frame.Span[4..], out RequestHeaderView header));
            lock (world.Requests) world.Requests.Add(header.Api.Key);
            if (world.AnswerTo(header.Api.Key, header.Version) is not { } message) return;
            byte[] whole = new byte[ResponseFrame.Size(header.Api, message, header.Version)];
            ResponseFrame.Write(whole, header.Api, header.CorrelationId, message, header.Version);
            ClientFrame back = ClientFrame.Rent(whole.Length - ResponseFrame.LengthPrefix);
            whole.AsSpan(ResponseFrame.LengthPrefix).CopyTo(back.Span);
            driver.Post(ClientEvent.Received(number, back));
        }
    }

    private IMessage? AnswerTo(ApiKey api, short version) => answer(api, version);
}

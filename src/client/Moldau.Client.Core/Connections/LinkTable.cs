using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>All links of a client. A link is opened by the first call that needs it, greets the broker (ApiVersions),
/// sends calls in their order, and gives back what it could not get answered.</summary>
internal sealed partial class LinkTable(ClientSettings settings, CallDesk calls, Prng prng)
{
    private readonly Dictionary<(int Broker, int Lane), BrokerLink> _byTarget = [];
    private readonly Dictionary<long, BrokerLink> _byNumber = [];

    /// <summary>All links in the order of their making; replaced, never changed, so that it can be walked while links
    /// come and go.</summary>
    private BrokerLink[] _all = [];

    private long _lastNumber;

    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Never;
            foreach (BrokerLink link in _all) next = Instant.Min(next, DeadlineOf(link));
            return next;
        }
    }

    /// <summary>Whether a call to this broker would go out without waiting for a link that lately failed.</summary>
    public bool IsUsable(int brokerId, int lane, Instant now) =>
        !_byTarget.TryGetValue((brokerId, lane), out BrokerLink? link)
        || link.State != LinkState.Down || link.RetryAt <= now;

    /// <summary>When a call to this broker would go out; long ago where nothing is in its way.</summary>
    public Instant UsableAt(int brokerId, int lane) =>
        _byTarget.TryGetValue((brokerId, lane), out BrokerLink? link) && link.State == LinkState.Down
            ? link.RetryAt
            : default;

    public bool IsReady(int brokerId, int lane) =>
        _byTarget.TryGetValue((brokerId, lane), out BrokerLink? link) && link.State == LinkState.Ready;

    /// <summary>Calls that wait for this broker's answer or to be sent.</summary>
    public int Load(int brokerId, int lane) =>
        _byTarget.TryGetValue((brokerId, lane), out BrokerLink? link) ? link.InFlight.Count + link.Waiting.Count : 0;

    /// <summary>The APIs of a broker that was reached; null before.</summary>
    public NodeVersions? VersionsOf(int brokerId)
    {
        foreach (BrokerLink link in _all)
            if (link.BrokerId == brokerId && link.Versions is not null) return link.Versions;
        return null;
    }

    /// <summary>The level of a feature of the cluster, as the broker with the newest word says.</summary>
    public short FinalizedLevel(string feature)
    {
        NodeVersions? newest = null;
        foreach (BrokerLink link in _all)
            if (link.Versions is { } versions && versions.FeaturesEpoch > (newest?.FeaturesEpoch ?? -1)) newest = versions;
        return newest?.FinalizedLevel(feature) ?? 0;
    }

    public LinkFailure? LastFailure(int brokerId, int lane) =>
        _byTarget.TryGetValue((brokerId, lane), out BrokerLink? link) ? link.LastFailure : null;

    public void Enqueue(ClientCall call, int brokerId, int lane, BrokerAddress address, ClientTurn turn)
    {
        if (!_byTarget.TryGetValue((brokerId, lane), out BrokerLink? link))
        {
            _byTarget[(brokerId, lane)] = link = new BrokerLink(brokerId, lane, address);
            _all = [.. _all, link];
        }

        link.LastUsed = turn.Now;
        if (link.Address != address)
        {
            // The broker moved: what is under way at its old address is sent again to the new one.
            link.Address = address;
            link.RetryAt = turn.Now;
            if (link.State != LinkState.Down) Break(link, new LinkFailure($"{link} has a new address"), turn, close: true);
        }

        if (link.State == LinkState.Ready && link.SessionDue <= turn.Now) Authenticate(link, turn);
        if (link.State == LinkState.Ready)
        {
            Send(link, call, turn);
            return;
        }

        link.Waiting.Enqueue(call);
        if (link.State == LinkState.Down && link.RetryAt <= turn.Now) Open(link, turn);
    }

    public void OnOpened(long number, ClientTurn turn)
    {
        if (!_byNumber.TryGetValue(number, out BrokerLink? link)) return;
        link.State = LinkState.Greeting;
        SendRaw(link, new Greeting(Greeting.Newest), turn);
    }

    public void OnFrame(long number, ClientFrame frame, ClientTurn turn)
    {
        try
        {
            if (_byNumber.TryGetValue(number, out BrokerLink? link)) Take(link, frame, turn);
        }
        finally
        {
            frame.Release();
        }
    }

    public void OnClosed(long number, LinkFailure? reason, ClientTurn turn)
    {
        if (_byNumber.TryGetValue(number, out BrokerLink? link))
            Break(link, reason ?? new LinkFailure($"{link} closed the connection"), turn, close: false);
    }

    public void OnDeadline(ClientTurn turn)
    {
        foreach (BrokerLink link in _all)
        {
            if (DeadlineOf(link) > turn.Now) continue;
            if (link.State == LinkState.Down)
            {
                Open(link, turn);
            }
            else if (link.SetupDue <= turn.Now)
            {
                Break(link, new LinkFailure($"{link} did not answer in time while connecting"), turn, close: true);
            }
            else if (FirstDue(link) <= turn.Now)
            {
                Break(link, new LinkFailure($"{link} did not answer in time"), turn, close: true);
            }
            else
            {
                CloseIdle(link, turn);
            }
        }
    }

    /// <summary>Closes a lane that nobody uses any more.</summary>
    public void CloseLane(int lane, ClientTurn turn)
    {
        foreach (BrokerLink link in _all)
        {
            if (link.Lane != lane) continue;
            if (link.State != LinkState.Down) Break(link, new LinkFailure("the lane was closed"), turn, close: true);
            _byTarget.Remove((link.BrokerId, link.Lane));
        }

        _all = [.. _all.Where(l => l.Lane != lane)];
    }

    public void CloseAll(ClientTurn turn)
    {
        foreach (BrokerLink link in _all)
            if (link.State != LinkState.Down) Break(link, new LinkFailure("the client was closed"), turn, close: true);
        _byTarget.Clear();
        _all = [];
    }

    private static Instant FirstDue(BrokerLink link)
    {
        Instant first = Instant.Never;
        foreach (ClientCall call in link.InFlight) first = Instant.Min(first, call.AnswerDue);
        return first;
    }

    private Instant DeadlineOf(BrokerLink link) => link.State switch
    {
        LinkState.Down => link.Waiting.Count > 0 ? link.RetryAt : Instant.Never,
        LinkState.Ready => link.IsIdle ? link.LastUsed + settings.MaxIdle : FirstDue(link),
        _ => link.SetupDue,
    };

    private void Open(BrokerLink link, ClientTurn turn)
    {
        link.Number = ++_lastNumber;
        link.State = LinkState.Opening;
        link.SetupDue = turn.Now + settings.ConnectTimeout;
        _byNumber[link.Number] = link;
        turn.Effects.Add(ClientEffect.Open(link.Number, link.Address));
    }

    private void Take(BrokerLink link, ClientFrame frame, ClientTurn turn)
    {
        KafkaReader reader = new(frame.Span);
        if (!link.InFlight.TryPeek(out ClientCall? call))
        {
            Break(link, new LinkFailure($"{link} sent an answer that nobody asked for"), turn, close: true);
            return;
        }

        int correlationId = ResponseFrame.ReadHeader(ref reader, call.Api, call.Version);
        if (reader.Failed || correlationId != call.CorrelationId)
        {
            string text = $"{link} answered request {correlationId} where {call.CorrelationId} was due";
            Break(link, new LinkFailure(text), turn, close: true);
            return;
        }

        link.InFlight.Dequeue();
        link.LastUsed = turn.Now;
        if (call is SetupCall setup)
        {
            TakeSetup(link, setup, frame.Span[reader.Position..], turn);
            return;
        }

        if (!call.IsAbandoned) calls.OnAnswer(call, frame, reader.Position, turn);
    }

    private void TakeSetup(BrokerLink link, SetupCall call, ReadOnlySpan<byte> body, ClientTurn turn)
    {
        switch (call)
        {
            case Greeting greeting:
                Greeted(link, greeting, body, turn);
                break;
            case SaslHandshakeCall handshake:
                HandshakeTaken(link, handshake, body, turn);
                break;
            case SaslAuthenticateCall authenticate:
                AuthenticateTaken(link, authenticate, body, turn);
                break;
            default:
                Verify.Fail($"{call.Api.Name} is no set-up call");
                break;
        }
    }

    private void Greeted(BrokerLink link, Greeting greeting, ReadOnlySpan<byte> body, ClientTurn turn)
    {
        ApiVersionsResponse? answer = greeting.Read(body);
        if (answer is null)
        {
            string text = $"{link} does not answer as a Kafka broker does: is it one, and is the port right?";
            Break(link, new LinkFailure(text, IsFinal: true), turn, close: true);
            return;
        }

        if (answer.ErrorCode == (short)ErrorCode.UnsupportedVersion && greeting.NextVersion(answer) is { } version)
        {
            SendRaw(link, new Greeting(version), turn);
            return;
        }

        if (answer.ErrorCode != 0)
        {
            string text = $"{link} refused ApiVersions: {ErrorCodes.FromWire(answer.ErrorCode).KafkaName()}";
            Break(link, new LinkFailure(text), turn, close: true);
            return;
        }

        link.Versions = new NodeVersions(answer);
        if (settings.Security.UsesSasl) Authenticate(link, turn);
        else BecomeReady(link, turn);
    }

    private void BecomeReady(BrokerLink link, ClientTurn turn)
    {
        link.State = LinkState.Ready;
        link.SetupDue = Instant.Never;
        link.Failures = 0;
        link.LastFailure = null;
        while (link.State == LinkState.Ready && link.Waiting.TryDequeue(out ClientCall? call))
            if (!call.IsAbandoned) Send(link, call, turn);
    }

    private void Send(BrokerLink link, ClientCall call, ClientTurn turn)
    {
        if (!link.Versions!.TryAgree(call, out short version))
        {
            string text = $"{call.Api.Name} needs versions {call.LowestVersion} to {call.HighestVersion}, "
                + $"{link} has {link.Versions.Describe(call.Api.Key)}";
            call.OnFailed(new ClientError(ErrorCode.UnsupportedVersion, text), turn);
            return;
        }

        call.Version = version;
        SendRaw(link, call, turn);
    }

    private void SendRaw(BrokerLink link, ClientCall call, ClientTurn turn)
    {
        call.CorrelationId = link.NextCorrelationId++;
        call.AnswerDue = Instant.Min(turn.Now + settings.RequestTimeout + call.ExtraTime, call.Deadline);
        turn.Effects.Add(ClientEffect.Send(link.Number, call.Encode(call.CorrelationId, settings.ClientId)));
        if (call.HasAnswer) link.InFlight.Enqueue(call);
        else call.OnSent(turn);
    }

    private void CloseIdle(BrokerLink link, ClientTurn turn)
    {
        _byNumber.Remove(link.Number);
        turn.Effects.Add(ClientEffect.Close(link.Number));
        link.State = LinkState.Down;
        link.SessionDue = Instant.Never;
    }

    private void Break(BrokerLink link, LinkFailure reason, ClientTurn turn, bool close)
    {
        _byNumber.Remove(link.Number);
        if (close) turn.Effects.Add(ClientEffect.Close(link.Number));
        link.State = LinkState.Down;
        link.Sasl = null;
        link.SessionDue = Instant.Never;
        link.SetupDue = Instant.Never;
        link.LastFailure = reason;
        link.Failures++;
        link.RetryAt =
            turn.Now + Backoff.After(link.Failures, settings.ReconnectBackoff, settings.ReconnectBackoffMax, prng);
        ClientCall[] unanswered = [.. link.InFlight.Where(c => c is not SetupCall)];
        ClientCall[] unsent = [.. link.Waiting];
        link.InFlight.Clear();
        link.Waiting.Clear();
        foreach (ClientCall call in unanswered) calls.OnLinkLost(call, wasSent: true, reason, turn);
        foreach (ClientCall call in unsent) calls.OnLinkLost(call, wasSent: false, reason, turn);
    }
}

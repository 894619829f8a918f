using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Authentication of a link: the handshake names the mechanism, then its messages go to and fro (KIP-152). A
/// broker that limits sessions says for how long; before that is over the link does it again, in the middle of its
/// traffic (KIP-368).</summary>
internal sealed partial class LinkTable
{
    /// <summary>A session is renewed after this part of its time, so that what is under way arrives before its end.</summary>
    private const double SessionPart = 0.85;

    /// <summary>Up to so much later, so that many clients do not come at once.</summary>
    private const double SessionJitter = 0.10;

    private const int NonceBytes = 24;

    /// <summary>Fills with bytes that nobody can guess.</summary>
    public required Action<Span<byte>> Secrets { get; init; }

    private SaslOptions SaslSettings => settings.Security.Sasl;

    public void OnToken(TokenJob job, ClientTurn turn)
    {
        if (!_byNumber.TryGetValue(job.Link, out BrokerLink? link) || link.State != LinkState.Authenticating) return;
        if (job.Token is not { } token)
        {
            Break(link, job.Failure ?? new LinkFailure($"{link}: no token came"), turn, close: true);
            return;
        }

        link.Sasl = new OAuthBearerExchange(token);
        Follow(link, link.Sasl.Begin(), turn);
    }

    public void OnSaslJob(SaslJob job, ClientTurn turn)
    {
        if (_byNumber.TryGetValue(job.Link, out BrokerLink? link) && link.Sasl is not null) Follow(link, job.Step, turn);
    }

    private void Authenticate(BrokerLink link, ClientTurn turn)
    {
        link.State = LinkState.Authenticating;
        link.Sasl = null;
        link.SetupDue = turn.Now + settings.RequestTimeout;
        SaslHandshakeCall handshake = new(SaslSettings.MechanismName);
        if (!link.Versions!.TryAgree(handshake, out _) || !link.Versions.Has(ApiKey.SaslAuthenticate))
        {
            Refuse(link, ErrorCode.UnsupportedVersion, "offers no SASL that this client knows", turn);
            return;
        }

        SendRaw(link, handshake, turn);
    }

    private void HandshakeTaken(BrokerLink link, SaslHandshakeCall call, ReadOnlySpan<byte> body, ClientTurn turn)
    {
        if (call.Read(body) is not { } answer)
        {
            Refuse(link, ErrorCode.UnknownServerError, "gave an answer to SaslHandshake that cannot be read", turn);
            return;
        }

        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        switch (code)
        {
            case ErrorCode.None when SaslSettings.Mechanism == SaslMechanism.OAuthBearer:
                turn.Effects.Add(ClientEffect.GetToken(new TokenJob(link.Number)));
                break;
            case ErrorCode.None:
                link.Sasl = SaslSettings.Mechanism == SaslMechanism.Plain
                    ? new PlainExchange(SaslSettings)
                    : new ScramExchange(SaslSettings, Nonce());
                Follow(link, link.Sasl.Begin(), turn);
                break;
            case ErrorCode.UnsupportedSaslMechanism:
                string offered = answer.Mechanisms.Count == 0 ? "none" : string.Join(", ", answer.Mechanisms);
                Refuse(link, code, $"has no {SaslSettings.MechanismName}; set sasl.mechanism to what it has: {offered}", turn);
                break;
            case ErrorCode.IllegalSaslState:
                string protocol = settings.Security.UsesTls ? "SSL" : "PLAINTEXT";
                Refuse(link, code, $"wants no SASL on this listener: set security.protocol={protocol}", turn);
                break;
            default:
                Refuse(link, code, $"refused SaslHandshake with {code.KafkaName()}", turn);
                break;
        }
    }

    private void AuthenticateTaken(BrokerLink link, SaslAuthenticateCall call, ReadOnlySpan<byte> body, ClientTurn turn)
    {
        if (call.Read(body) is not { } answer)
        {
            Refuse(link, ErrorCode.UnknownServerError, "gave an answer to SaslAuthenticate that cannot be read", turn);
            return;
        }

        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code != ErrorCode.None)
        {
            string said = answer.ErrorMessage is { Length: > 0 } text ? text : "no reason is given";
            string what = $"refused the authentication by {SaslSettings.MechanismName}: {said} ({code.KafkaName()})";
            Refuse(link, code, what, turn);
            return;
        }

        SaslStep step = link.Sasl!.Take(answer.AuthBytes);
        Follow(link, step, turn);
        bool isOver = step is { Message: null, Job: null, Problem: null };
        if (link.State != LinkState.Authenticating || !isOver) return;
        if (link.Sasl.WhyUnfinished is { } problem)
        {
            Refuse(link, ErrorCode.SaslAuthenticationFailed, problem, turn);
            return;
        }

        link.Sasl = null;
        double part = SessionPart + (SessionJitter * prng.NextDouble());
        link.SessionDue = answer.SessionLifetimeMs <= 0
            ? Instant.Never
            : turn.Now + Duration.FromMs((long)(answer.SessionLifetimeMs * part));
        BecomeReady(link, turn);
    }

    private void Follow(BrokerLink link, in SaslStep step, ClientTurn turn)
    {
        if (step.Problem is { } problem)
        {
            Refuse(link, ErrorCode.SaslAuthenticationFailed, problem, turn);
        }
        else if (step.Job is { } job)
        {
            job.Link = link.Number;
            turn.Effects.Add(ClientEffect.Run(job));
        }
        else if (step.Message is { } message)
        {
            SaslAuthenticateCall call = new(message, 0);
            if (link.Versions!.TryAgree(call, out short version)) SendRaw(link, new SaslAuthenticateCall(message, version), turn);
            else Refuse(link, ErrorCode.UnsupportedVersion, "offers no SaslAuthenticate that this client knows", turn);
        }
    }

    private void Refuse(BrokerLink link, ErrorCode code, string what, ClientTurn turn) =>
        Break(link, new LinkFailure($"{link}: {what}", IsFinal: !code.IsRetriable(), code), turn, close: true);

    /// <summary>Base64 has no comma, which is all that SCRAM asks of a nonce's letters.</summary>
    private string Nonce()
    {
        Span<byte> bytes = stackalloc byte[NonceBytes];
        Secrets(bytes);
        return Convert.ToBase64String(bytes);
    }
}

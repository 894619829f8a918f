using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What happened.</summary>
public enum ClientEventKind
{
    /// <summary>A deadline has come, or something was asked for since the last step.</summary>
    Deadline,

    /// <summary>The link is open, its TLS handshake done where it has one.</summary>
    Opened,

    /// <summary>A whole frame came in. The machine owns it from here on.</summary>
    Received,

    /// <summary>The link could not be opened, or it is gone. Nothing comes from it any more.</summary>
    Closed,

    /// <summary>A job has ended.</summary>
    JobDone,

    /// <summary>The user's code has ended.</summary>
    UserDone,
}

/// <summary>What happens to a client.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Link">The link's number, as the machine gave it; 0 where it is about no link.</param>
/// <param name="Frame">The bytes of <see cref="ClientEventKind.Received"/>.</param>
/// <param name="Job">The job of <see cref="ClientEventKind.JobDone"/>.</param>
/// <param name="Call">The call of <see cref="ClientEventKind.UserDone"/>.</param>
/// <param name="Reason">Why a link closed, for people; null where the peer closed it without a word.</param>
public readonly record struct ClientEvent(
    ClientEventKind Kind,
    long Link = 0,
    ClientFrame? Frame = null,
    ClientJob? Job = null,
    LinkFailure? Reason = null,
    UserCall? Call = null)
{
    /// <summary>The machine's deadline has come.</summary>
    public static ClientEvent Deadline => new(ClientEventKind.Deadline);

    /// <summary>A link is open.</summary>
    public static ClientEvent Opened(long link) => new(ClientEventKind.Opened, link);

    /// <summary>A frame came; the machine releases it.</summary>
    public static ClientEvent Received(long link, ClientFrame frame) => new(ClientEventKind.Received, link, frame);

    /// <summary>A link is closed, or was never opened.</summary>
    public static ClientEvent Closed(long link, LinkFailure? reason) =>
        new(ClientEventKind.Closed, link, Reason: reason);

    /// <summary>A job has run.</summary>
    public static ClientEvent JobDone(ClientJob job) => new(ClientEventKind.JobDone, Job: job);

    /// <summary>The user's code has ended.</summary>
    public static ClientEvent UserDone(UserCall call) => new(ClientEventKind.UserDone, Call: call);
}

/// <summary>Why a link could not be opened or went away.</summary>
/// <param name="Text">One sentence for people, with the address.</param>
/// <param name="IsFinal">True where trying again cannot help, such as a certificate that does not fit.</param>
/// <param name="Code">What the calls fail with.</param>
public sealed record LinkFailure(string Text, bool IsFinal = false, ErrorCode Code = ErrorCode.NetworkException);

/// <summary>Work too long for a step: compressing a batch, say. It touches only what is handed to it.</summary>
public abstract class ClientJob
{
    /// <summary>What the shell hangs on it to run it, again and again where it is used again.</summary>
    internal object? Work { get; set; }

    /// <summary>On any thread, once.</summary>
    public abstract void Run();

    /// <summary>In a step of the machine, after <see cref="Run"/>.</summary>
    internal abstract void Done(ClientTurn turn);
}

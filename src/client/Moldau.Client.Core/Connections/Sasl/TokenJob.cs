namespace Moldau.Client;

/// <summary>A token that a link waits for. The shell gets it and comes back with the job, as with other work.</summary>
public sealed class TokenJob : ClientJob
{
    internal TokenJob(long link) => Link = link;

    /// <summary>The token; null where there is none.</summary>
    public OAuthToken? Token { get; private set; }

    /// <summary>Why there is none.</summary>
    public LinkFailure? Failure { get; private set; }

    internal long Link { get; }

    /// <summary>The token is there.</summary>
    public void Succeed(OAuthToken token) => Token = token;

    /// <summary>There is no token.</summary>
    public void Fail(LinkFailure reason) => Failure = reason;

    /// <summary>Nothing to do here: it is the shell's work.</summary>
    public override void Run()
    {
    }

    internal override void Done(ClientTurn turn) => turn.Machine.Links.OnToken(this, turn);
}

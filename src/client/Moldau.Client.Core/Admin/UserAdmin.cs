using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>How a password is salted and proved (RFC 5802).</summary>
public enum ScramMechanism : sbyte
{
    /// <summary>One that this client does not know.</summary>
    Unknown = 0,

    /// <summary>SCRAM-SHA-256.</summary>
    Sha256 = 1,

    /// <summary>SCRAM-SHA-512.</summary>
    Sha512 = 2,
}

/// <summary>That a user has a password, and how it is salted; the password itself no broker tells.</summary>
public sealed record ScramCredential(ScramMechanism Mechanism, int Iterations);

/// <summary>A user's credential to be taken away.</summary>
public sealed record ScramDeletion(string User, ScramMechanism Mechanism);

/// <summary>A credential as it goes to the brokers: salted, so that they never see the password.</summary>
internal sealed record SaltedCredential(string User, ScramMechanism Mechanism, int Iterations, byte[] Salt, byte[] SaltedPassword);

/// <summary>Users with passwords (KIP-554).</summary>
internal static class UserAdmin
{
    /// <summary>The named users, or all that have a credential (null); one without has the error
    /// <c>RESOURCE_NOT_FOUND</c>.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, Outcome<IReadOnlyList<ScramCredential>>>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string>? users) =>
        AdminCalls.Start<DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
            IReadOnlyDictionary<string, Outcome<IReadOnlyList<ScramCredential>>>>(
            machine, turn, CallTarget.Any,
            _ => new DescribeUserScramCredentialsRequest
            {
                Users = users?.Select(u => new DescribeUserScramCredentialsRequest.UserName { Name = u }).ToList(),
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "users cannot be described", operation, now)
                ?? AdminCalls.Done(operation, answer.Results.ByKey(r => r.User, Described, StringComparer.Ordinal), now));

    /// <summary>Each user that is named with null, or with why nothing of it was changed.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, ClientError?>> Alter(
        ClientMachine machine,
        ClientTurn turn,
        IReadOnlyList<SaltedCredential> upserts,
        IReadOnlyList<ScramDeletion> deletions) =>
        AdminCalls.Start<AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, IReadOnlyDictionary<string, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new AlterUserScramCredentialsRequest
            {
                Deletions = [.. deletions.Select(d => new AlterUserScramCredentialsRequest.ScramCredentialDeletion
                {
                    Name = d.User,
                    Mechanism = (sbyte)d.Mechanism,
                })],
                Upsertions = [.. upserts.Select(u => new AlterUserScramCredentialsRequest.ScramCredentialUpsertion
                {
                    Name = u.User,
                    Mechanism = (sbyte)u.Mechanism,
                    Iterations = u.Iterations,
                    Salt = u.Salt,
                    SaltedPassword = u.SaltedPassword,
                })],
            },
            (answer, operation, now) =>
            {
                if (answer.Results.Any(r => ErrorCodes.FromWire(r.ErrorCode) == ErrorCode.NotController)) return CallOutcome.RetryElsewhere;
                Dictionary<string, ClientError?> results = new(StringComparer.Ordinal);
                foreach (AlterUserScramCredentialsResponse.AlterUserScramCredentialsResult result in answer.Results)
                    results[result.User] = AdminCalls.Error(result.ErrorCode, result.ErrorMessage, $"user '{result.User}' was not changed");
                return AdminCalls.Done(operation, results, now);
            });

    private static Outcome<IReadOnlyList<ScramCredential>> Described(
        DescribeUserScramCredentialsResponse.DescribeUserScramCredentialsResult result) =>
        AdminCalls.Error(result.ErrorCode, result.ErrorMessage, $"user '{result.User}' cannot be described") is { } error
            ? Outcome<IReadOnlyList<ScramCredential>>.Failed(error)
            : Outcome<IReadOnlyList<ScramCredential>>.Of(
                [.. result.CredentialInfos.Select(c => new ScramCredential((ScramMechanism)c.Mechanism, c.Iterations))]);
}

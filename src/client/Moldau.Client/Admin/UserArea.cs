using System.Security.Cryptography;
using System.Text;

namespace Moldau.Client;

/// <summary>A user's new password.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Mechanism">What it will be proved by.</param>
/// <param name="Password">Stays in this process: what is sent is salted.</param>
public sealed record ScramPassword(string User, ScramMechanism Mechanism, string Password)
{
    /// <summary>How often it is hashed; brokers take 4096 to 16384.</summary>
    public int Iterations { get; init; } = 4096;

    /// <summary>Null for a random one.</summary>
    public ReadOnlyMemory<byte>? Salt { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{User} ({Mechanism})";
}

/// <summary>Users with passwords, for SCRAM.</summary>
public sealed class UserArea : AdminArea
{
    private const int SaltBytes = 26;

    internal UserArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>What credentials the named users have, or all users (null). One who has none is told as
    /// <c>RESOURCE_NOT_FOUND</c>.</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<IReadOnlyList<ScramCredential>>>> DescribeAsync(
        IReadOnlyCollection<string>? users = null, CancellationToken cancel = default) =>
        RunAsync(
            users?.Distinct(StringComparer.Ordinal).ToArray(), static (machine, turn, u) => UserAdmin.Describe(machine, turn, u), cancel);

    /// <summary>Sets passwords and takes credentials away; the result names for each user why nothing was changed, or null. Two
    /// changes of one user in one call are refused with <c>DUPLICATE_RESOURCE</c>.</summary>
    /// <param name="passwords">New users and new passwords. They are salted and hashed here, on the caller's thread.</param>
    /// <param name="deletions">Credentials to be taken away.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A mechanism is unknown, or there are no iterations.</exception>
    public Task<IReadOnlyDictionary<string, ClientError?>> AlterAsync(
        IReadOnlyCollection<ScramPassword> passwords,
        IReadOnlyCollection<ScramDeletion>? deletions = null,
        CancellationToken cancel = default) =>
        RunAsync(
            (Upserts: passwords.Select(Salted).ToArray(), Deletions: deletions?.ToArray() ?? []),
            static (machine, turn, s) => UserAdmin.Alter(machine, turn, s.Upserts, s.Deletions), cancel);

    /// <summary>The salted password of RFC 5802: PBKDF2 with HMAC of the mechanism's hash.</summary>
    internal static SaltedCredential Salted(ScramPassword password)
    {
        (HashAlgorithmName hash, int length) = password.Mechanism switch
        {
            ScramMechanism.Sha256 => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            ScramMechanism.Sha512 => (HashAlgorithmName.SHA512, SHA512.HashSizeInBytes),
            _ => throw new ArgumentOutOfRangeException(nameof(password), password.Mechanism, "not a SCRAM mechanism"),
        };
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(password.Iterations, nameof(password));
        byte[] salt = password.Salt?.ToArray() ?? RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password.Password), salt, password.Iterations, hash, length);
        return new SaltedCredential(password.User, password.Mechanism, password.Iterations, salt, salted);
    }
}

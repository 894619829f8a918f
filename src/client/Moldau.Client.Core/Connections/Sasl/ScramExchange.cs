using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Moldau.Client;

/// <summary>SCRAM (RFC 5802, RFC 7677): proves that the client knows the password without saying it, and that the broker
/// does too. Deriving the key takes milliseconds, so it runs as a job.</summary>
internal sealed class ScramExchange : SaslExchange
{
    /// <summary>Fewer rounds make a stolen exchange cheap to guess from; Kafka asks for as many.</summary>
    public const int FewestIterations = 4096;

    /// <summary>About a second of work: a broker that asks for more wants to hold the client up.</summary>
    public const int MostIterations = 1 << 20;

    /// <summary>The GS2 header of a client without channel binding, in base64, as the last message repeats it.</summary>
    private const string ChannelBinding = "c=biws";

    private readonly HashAlgorithmName _hash;
    private readonly SaslOptions _options;
    private readonly string _nonce;
    private readonly string _firstBare;
    private ProofJob? _proof;
    private bool _isVerified;

    /// <param name="options">Name and password.</param>
    /// <param name="nonce">Printable, without commas; never used twice.</param>
    public ScramExchange(SaslOptions options, string nonce)
    {
        _hash = options.Mechanism == SaslMechanism.ScramSha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
        (_options, _nonce) = (options, nonce);
        string name = options.Username!.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal);
        _firstBare = $"n={name},r={nonce}{(options.IsDelegationToken ? ",tokenauth=true" : "")}";
    }

    public override string? WhyUnfinished =>
        _isVerified ? null : "the broker ended SCRAM without proving that it knows the password";

    public override SaslStep Begin() => new(Encoding.UTF8.GetBytes($"n,,{_firstBare}"));

    public override SaslStep Take(ReadOnlySpan<byte> answer)
    {
        if (_proof is null) return TakeFirst(Encoding.UTF8.GetString(answer));
        return _isVerified ? new SaslStep(Problem: "the broker goes on after the end of SCRAM") : TakeFinal(answer);
    }

    private SaslStep TakeFirst(string answer)
    {
        string[] parts = answer.Split(',');
        if (parts.Length > 0 && parts[0].StartsWith("e=", StringComparison.Ordinal))
            return new SaslStep(Problem: $"the broker refused: {parts[0][2..]}");
        bool isWell = parts.Length >= 3
            && parts[0].StartsWith("r=", StringComparison.Ordinal)
            && parts[1].StartsWith("s=", StringComparison.Ordinal)
            && parts[2].StartsWith("i=", StringComparison.Ordinal);
        if (!isWell) return new SaslStep(Problem: "the broker's first SCRAM message cannot be read");
        string nonce = parts[0][2..];
        if (nonce.Length <= _nonce.Length || !nonce.StartsWith(_nonce, StringComparison.Ordinal))
            return new SaslStep(Problem: "the broker answers with another nonce than the client's");
        byte[] salt = new byte[parts[1].Length];
        if (!Convert.TryFromBase64String(parts[1][2..], salt, out int saltBytes) || saltBytes == 0)
            return new SaslStep(Problem: "the broker's salt cannot be read");
        bool isNumber = int.TryParse(parts[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int iterations);
        if (!isNumber || iterations < FewestIterations || iterations > MostIterations)
        {
            return new SaslStep(
                Problem: $"the broker asks for '{parts[2][2..]}' iterations; {FewestIterations} to {MostIterations} are taken");
        }

        string withoutProof = $"{ChannelBinding},r={nonce}";
        string message = $"{_firstBare},{answer},{withoutProof}";
        _proof = new ProofJob(_hash, _options.Password!, salt[..saltBytes], iterations, message, withoutProof);
        return new SaslStep(Job: _proof);
    }

    private SaslStep TakeFinal(ReadOnlySpan<byte> answer)
    {
        string text = Encoding.UTF8.GetString(answer);
        if (text.StartsWith("e=", StringComparison.Ordinal)) return new SaslStep(Problem: $"the broker refused: {text[2..]}");
        Span<byte> signature = stackalloc byte[SHA512.HashSizeInBytes];
        bool isRight = text.StartsWith("v=", StringComparison.Ordinal)
            && Convert.TryFromBase64String(text.Split(',')[0][2..], signature, out int bytes)
            && CryptographicOperations.FixedTimeEquals(signature[..bytes], _proof!.ServerSignature);
        if (!isRight) return new SaslStep(Problem: "the broker does not know the password: its signature is wrong");
        _isVerified = true;
        return SaslStep.Over;
    }

    /// <summary>The client's proof and what the broker's signature must be.</summary>
    private sealed class ProofJob(
        HashAlgorithmName hash, Secret password, byte[] salt, int iterations, string message, string withoutProof) : SaslJob
    {
        public byte[] ServerSignature { get; private set; } = [];

        public override void Run()
        {
            int size = hash == HashAlgorithmName.SHA512 ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes;
            byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password.Reveal()), salt, iterations, hash, size);
            byte[] authMessage = Encoding.UTF8.GetBytes(message);
            byte[] clientKey = Mac(salted, "Client Key"u8);
            byte[] proof = Mac(Digest(clientKey), authMessage);
            for (int i = 0; i < proof.Length; i++) proof[i] ^= clientKey[i];
            ServerSignature = Mac(Mac(salted, "Server Key"u8), authMessage);
            Step = new SaslStep(Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}"));
            CryptographicOperations.ZeroMemory(salted);
            CryptographicOperations.ZeroMemory(clientKey);
        }

        private byte[] Mac(byte[] key, ReadOnlySpan<byte> data) => hash == HashAlgorithmName.SHA512
            ? HMACSHA512.HashData(key, data)
            : HMACSHA256.HashData(key, data);

        private byte[] Digest(byte[] data) =>
            hash == HashAlgorithmName.SHA512 ? SHA512.HashData(data) : SHA256.HashData(data);
    }
}

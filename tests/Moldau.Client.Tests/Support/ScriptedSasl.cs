using System.Security.Cryptography;
using System.Text;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Support;

/// <summary>The broker's side of SASL for one user, after RFC 4616, 5802 and 7628.</summary>
internal sealed class ScriptedSasl
{
    private static readonly byte[] _salt = [1, 2, 3, 4, 5, 6, 7, 8];

    private string _clientFirst = "";
    private string _serverFirst = "";

    public string[] Mechanisms { get; init; } = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];

    public string User { get; init; } = "anna";

    public string Password { get; init; } = "geheim";

    public int Iterations { get; set; } = 4096;

    /// <summary>A broker that does not know the password, but says that all is well.</summary>
    public bool IsImpostor { get; init; }

    /// <summary>What it says of how long the session lasts.</summary>
    public long SessionLifetimeMs { get; init; }

    public List<string> Messages { get; } = [];

    private string Mechanism { get; set; } = "";

    public void Serve(ScriptedBroker broker) => broker
        .On(ApiKey.SaslHandshake, request =>
        {
            Mechanism = ((SaslHandshakeRequest)request.Message).Mechanism;
            _clientFirst = "";
            return new SaslHandshakeResponse
            {
                ErrorCode = (short)(Mechanisms.Contains(Mechanism) ? ErrorCode.None : ErrorCode.UnsupportedSaslMechanism),
                Mechanisms = [.. Mechanisms],
            };
        })
        .On(ApiKey.SaslAuthenticate, request => Answer(
            Encoding.UTF8.GetString(((SaslAuthenticateRequest)request.Message).AuthBytes)));

    private SaslAuthenticateResponse Answer(string message)
    {
        Messages.Add(message);
        return Mechanism switch
        {
            "PLAIN" => message == $"\0{User}\0{Password}" ? Well("") : Refused("Authentication failed: Invalid username or password"),
            "OAUTHBEARER" => message.StartsWith("n,,\u0001auth=Bearer good\u0001", StringComparison.Ordinal)
                ? Well("")
                : Refused("the token is not good"),
            _ when _clientFirst.Length == 0 => First(message),
            _ => Final(message),
        };
    }

    private SaslAuthenticateResponse First(string message)
    {
        _clientFirst = message["n,,".Length..];
        string nonce = _clientFirst.Split(',')[1]["r=".Length..];
        _serverFirst = $"r={nonce}server,s={Convert.ToBase64String(_salt)},i={Iterations}";
        return Well(_serverFirst);
    }

    private SaslAuthenticateResponse Final(string message)
    {
        bool isSha512 = Mechanism == "SCRAM-SHA-512";
        HashAlgorithmName hash = isSha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
        byte[] Mac(byte[] key, string data) => isSha512
            ? HMACSHA512.HashData(key, Encoding.UTF8.GetBytes(data))
            : HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(data));
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Password, _salt, Iterations, hash, isSha512 ? 64 : 32);
        int proofAt = message.IndexOf(",p=", StringComparison.Ordinal);
        string auth = $"{_clientFirst},{_serverFirst},{message[..proofAt]}";
        byte[] clientKey = Mac(salted, "Client Key");
        byte[] signature = Mac(isSha512 ? SHA512.HashData(clientKey) : SHA256.HashData(clientKey), auth);
        byte[] proof = Convert.FromBase64String(message[(proofAt + 3)..]);
        byte[] key = [.. proof.Zip(signature, (p, s) => (byte)(p ^ s))];
        if (IsImpostor) return Well($"v={Convert.ToBase64String(new byte[signature.Length])}");
        return key.SequenceEqual(clientKey)
            ? Well($"v={Convert.ToBase64String(Mac(Mac(salted, "Server Key"), auth))}")
            : Refused("Authentication failed during authentication due to invalid credentials with SASL mechanism " + Mechanism);
    }

    private SaslAuthenticateResponse Well(string message) => new()
    {
        AuthBytes = Encoding.UTF8.GetBytes(message),
        SessionLifetimeMs = SessionLifetimeMs,
    };

    private static SaslAuthenticateResponse Refused(string why) =>
        new() { ErrorCode = (short)ErrorCode.SaslAuthenticationFailed, ErrorMessage = why };
}

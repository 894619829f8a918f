using System.Text.RegularExpressions;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary><c>kafka-delegation-tokens</c> as <c>moldau</c> does it.</summary>
public sealed class TokenShimTests
{
    private const string NoNumber = "the original stumbles over a null reference, this one names the option";

    /// <summary>Where the answer differs, with the reason. The list may only shrink.</summary>
    private static readonly Dictionary<string, string> Accepted = new(StringComparer.Ordinal)
    {
        ["create-odd-lifetime"] = NoNumber,
        ["create-lifetime-empty"] = NoNumber,
        ["renew-odd-period"] = NoNumber,
        ["expire-odd-period"] = NoNumber,
        ["renew-hmac-empty"] = NoNumber,
    };

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Answers_AreTheOriginals(string name) => ShimComparison.Run(
        name, "delegation-tokens", TokenShimCases.All, (_, scratch) => File.WriteAllText(scratch["client.properties"], "client.id=tools\n"), Accepted);

    /// <summary>Tokens are for authenticated users alone; both programs do the same on one node, one after the other.</summary>
    [Fact]
    public void TokensOfAnAuthenticatedUser_AreDealtWithAsByTheOriginal()
    {
        if (ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        using ScratchFolder scratch = new("tokens");
        int secure = FreePorts.Take();
        (int plain, int controller) = FreePorts.Pair();
        using ApacheServer server = new(new ServerOptions { Ports = (plain, controller), Properties = Secured(plain, secure, controller) });
        server.Start();
        File.WriteAllText(
            scratch["anna.properties"],
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"
            + "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"anna\" password=\"geheim\";\n");

        string Both(string options)
        {
            string[] words = ["--bootstrap-server", $"127.0.0.1:{secure}", "--command-config", scratch["anna.properties"], .. options.Split(' ')];
            ProgramResult original = KafkaTools.Run("delegation-tokens", words, timeout: Cli.Patience);
            ProgramResult ours = ChildProcess.Run(MoldauServer.Executable, ["kafka-delegation-tokens", .. words], Cli.Patience);
            Assert.Equal((options, Told(original)), (options, Told(ours)));
            return ours.Output;
        }

        Both("--describe");
        string made = Both("--create --max-life-time-period -1");
        Both("--create --max-life-time-period 3600000 --renewer-principal User:anna --renewer-principal User:bob");
        Both("--create --max-life-time-period -1 --owner-principal User:bob");
        Both("--create --max-life-time-period -1 --owner-principal Group:bob");
        Both("--describe");
        Both("--describe --owner-principal User:anna");
        Both("--describe --owner-principal User:bob --owner-principal User:carl");
        Both("--describe --owner-principal User:carl");
        string hmac = Regex.Match(made, @"[\w+/]{80,}=*").Value;
        Both($"--renew --hmac {hmac} --renew-time-period 7200000");
        Both($"--renew --hmac {hmac} --renew-time-period -1");
        Both("--renew --hmac aGVsbG8= --renew-time-period -1");
        Both("--expire --hmac aGVsbG8= --expiry-time-period -1");
        Both($"--expire --hmac {hmac} --expiry-time-period 3600000");
        Both("--describe --owner-principal User:anna");
    }

    /// <summary>Without what each token has of its own.</summary>
    private static string Told(ProgramResult result)
    {
        string output = Regex.Replace(result.Output, @"[\w+/]{80,}=*", "HMAC");
        output = Regex.Replace(output, @"(?<![\w-])[\w-]{22}(?![\w-])", "ID");
        output = Regex.Replace(output, @"\d{4}-\d\d-\d\dT\d\d:\d\d", "DATE");
        string error = result.Error.Split('\n').FirstOrDefault(l => !l.Contains("WARN", StringComparison.Ordinal)) ?? "";
        return $"{result.ExitCode}\n{error}\n{string.Join('\n', output.Split('\n').Order(StringComparer.Ordinal))}";
    }

    private static Dictionary<string, string> Secured(int plain, int secure, int controller) => new()
    {
        ["listeners"] = $"PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}",
        ["advertised.listeners"] = $"PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{secure}",
        ["listener.security.protocol.map"] = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
        ["inter.broker.listener.name"] = "PLAINTEXT",
        ["delegation.token.secret.key"] = "secret-of-the-tokens",
        ["listener.name.sasl_plaintext.sasl.enabled.mechanisms"] = "PLAIN",
        ["listener.name.sasl_plaintext.plain.sasl.jaas.config"] =
            "org.apache.kafka.common.security.plain.PlainLoginModule required user_anna=\"geheim\";",
    };
}

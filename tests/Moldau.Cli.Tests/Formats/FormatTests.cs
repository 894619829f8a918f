using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Formats;

/// <summary>What each verb prints in each format, and the plan of what destroys something, kept in <c>formats.json</c> as it was
/// against Apache Kafka 4.4.0; MOLDAU_RECORD_FORMATS=1 writes it anew. Our node gives the same where it has what the verb needs.</summary>
public sealed partial class FormatTests : IDisposable
{
    private static readonly string[] Formats = ["table", "wide", "json", "yaml", "ndjson", "name"];

    private static readonly JsonSerializerOptions Golden = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ScratchFolder _scratch = new("formats");

    private static string GoldenFile => Path.Combine(Repository.Root, "tests", "Moldau.Cli.Tests", "Formats", "formats.json");

    private static bool IsRecording => Environment.GetEnvironmentVariable("MOLDAU_RECORD_FORMATS") == "1";

    [Fact]
    public void EachVerb_HasACase_OrAReason()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        string[] verbs = [.. VerbLine().Matches(Cli.Run("help").Succeeded().Split("With a cluster")[1]).Select(m => m.Groups[1].Value.Trim())];
        Assert.True(verbs.Length > 60, string.Join(", ", verbs));
        HashSet<string> known = [.. FormatCases.All.Select(c => c.Verb), .. FormatCases.Exempt.Keys];
        Assert.Empty(verbs.Except(known));
        Assert.Empty(known.Except(verbs));
    }

    [Theory]
    [InlineData("topic delete")]
    [InlineData("topic trim")]
    [InlineData("group seek")]
    [InlineData("group delete")]
    [InlineData("group forget")]
    [InlineData("group evict")]
    [InlineData("partition move")]
    [InlineData("partition cancel")]
    [InlineData("partition elect")]
    [InlineData("partition lead")]
    [InlineData("broker unregister")]
    [InlineData("txn abort")]
    [InlineData("acl revoke")]
    [InlineData("user delete")]
    [InlineData("quota clear")]
    [InlineData("quorum add")]
    [InlineData("quorum remove")]
    [InlineData("share seek")]
    [InlineData("share delete")]
    [InlineData("config edit")]
    public void WhatDestroys_ShowsAPlan_AndAsks(string verb)
    {
        string help = Cli.Run(["help", .. verb.Split(' ')]).Succeeded();
        Assert.Contains("-y, --yes ", help, StringComparison.Ordinal);
        Assert.Contains("--dry-run ", help, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Verbs_PrintWhatTheyPrinted(string name)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        bool isApache = name == Clusters.Apache;
        if (IsRecording && !isApache) Assert.Skip("MOLDAU_RECORD_FORMATS is set: the answers about Apache Kafka are recorded");
        if (isApache && ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        Dictionary<string, string> properties = new(ServerOptions.WithoutRetention);
        if (isApache)
        {
            properties["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
            properties["super.users"] = "User:ANONYMOUS";
        }

        ServerOptions options = new() { Properties = properties };
        using ServerUnderTest server = isApache ? new ApacheServer(options) : new MoldauServer(options);
        server.Start();
        Prepare(server);
        var golden = IsRecording
            ? []
            : JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string>>>(File.ReadAllText(GoldenFile))!;
        List<string> differences = [];
        bool isRunning = true;
        foreach (FormatCase one in FormatCases.All.OrderBy(c => c.IsOffline))
        {
            if (one.IsOffline && isRunning)
            {
                server.Stop();
                isRunning = false;
            }

            if (one.Before is { } prepare && (isApache || !IsNotOffered(Call(one, server, Formats[0]))))
                foreach (string format in Formats) prepare(server.Port, Letter(format));
            foreach (string format in Formats)
            {
                ProgramResult result = Call(one, server, format);
                if (!isApache && IsNotOffered(result)) break;
                string printed = result.ExitCode == 0 ? Masked(one, format, result.Output, server) : result.ToString();
                Compare(format, printed);
                if (format != "ndjson") continue;
                if (WrongKind(one, server, result.Output, out string schema) is { } wrong) differences.Add($"{one.Line}: {wrong}");
                Compare("schema", schema);
            }

            void Compare(string format, string printed)
            {
                if (!golden.TryGetValue(one.Line, out var recorded)) golden[one.Line] = recorded = [];
                if (IsRecording && !printed.Contains("\nexit code ", StringComparison.Ordinal)) recorded[format] = printed;
                else if (recorded.GetValueOrDefault(format) is var before && before != printed)
                    differences.Add($"{one.Line} -o {format} printed\n{printed}\nbefore it was\n{before}");
            }
        }

        if (IsRecording) File.WriteAllText(GoldenFile, JsonSerializer.Serialize(golden, Golden) + "\n");
        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    public void Dispose() => _scratch.Dispose();

    private void Prepare(ServerUnderTest server)
    {
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "orders", "-p", "2").Succeeded();
        cluster.Send("0;1700000000000;k;one\n0;1700000001000;k;two\n1;1700000002000;j;three\n", "produce", "orders", "-f", @"%p;%d;%k;%v\n").Succeeded();
        // A group of offsets alone is of the same kind on both servers.
        cluster.Run("group", "seek", "shop", "--to", "1", "--topic", "orders", "-y").Succeeded();
        foreach (int i in Enumerable.Range(0, Formats.Length))
        {
            string letter = Letter(Formats[i]);
            File.WriteAllLines(
                _scratch[$"{letter}.properties"],
                [
                    "process.roles=broker,controller", "node.id=1", "listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
                    "controller.listener.names=CONTROLLER", "controller.quorum.bootstrap.servers=127.0.0.1:9093", $"log.dirs={_scratch[$"data-{letter}"]}",
                ]);
        }
    }

    private ProgramResult Call(FormatCase one, ServerUnderTest server, string format)
    {
        string[] words = [.. LetterHere().Replace(one.Line, Letter(format)).Split(' ').Select(w => w
            .Replace("SCRATCH", _scratch.FullPath, StringComparison.Ordinal).Replace("DATA", server.DataFolder, StringComparison.Ordinal))];
        string[] cluster = one.IsOffline ? [] : ["-b", server.Bootstrap, "--timeout", "60s"];
        string[] line = [.. words, .. cluster, "--output", format];
        Dictionary<string, string> environment = new(one.Environment) { ["XDG_CONFIG_HOME"] = _scratch["config"] };
        if (!one.IsOfMachine) return ChildProcess.Run(MoldauServer.Executable, line, TimeSpan.FromSeconds(120), one.Input, environment);
        string folder = Directory.CreateDirectory(_scratch["empty"]).FullName;
        environment["TMPDIR"] = folder;
        return ChildProcess.Run(
            "/bin/sh", ["-c", "ulimit -n 512 && cd \"$0\" && exec \"$@\"", folder, MoldauServer.Executable, .. line], TimeSpan.FromSeconds(120),
            one.Input, environment);
    }

    private static bool IsNotOffered(ProgramResult result) =>
        new[] { "UNSUPPORTED_VERSION", "SECURITY_DISABLED", "does not serve transactions" }.Any(t => result.Error.Contains(t, StringComparison.Ordinal));

    private static string Letter(string format) => $"{(char)('a' + Math.Max(0, Array.IndexOf(Formats, format)))}";

    private string Masked(FormatCase one, string format, string output, ServerUnderTest server)
    {
        output = output.Replace($"{server.Port}", "PORT", StringComparison.Ordinal)
            .Replace(server.DataFolder, "DATA", StringComparison.Ordinal).Replace(_scratch.FullPath, "SCRATCH", StringComparison.Ordinal);
        output = Id().Replace(output, "ID").Replace("\"ID\"", "ID", StringComparison.Ordinal);
        foreach ((string expression, string name) in one.Masks) output = Regex.Replace(output, expression, name);
        if (one.IsMeasured) output = Measured().Replace(output, "N");
        else if (one.Masks.Count == 0) return output;
        // Columns are as wide as the numbers in them.
        return format is "table" or "wide" ? Gap().Replace(output, " ") : output;
    }

    /// <summary>Where <c>-o schema</c> says another type than the rows have; a plan has fields of its own.</summary>
    private string? WrongKind(FormatCase one, ServerUnderTest server, string rows, out string schema)
    {
        ProgramResult described = Call(one, server, "schema");
        schema = described.Output;
        if (described.ExitCode != 0) return described.ToString();
        Dictionary<string, string> kinds = described.Output.Split('\n')[1..^1]
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToDictionary(l => l[0], l => l[1]);
        foreach (string line in rows.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonProperty[] fields = [.. JsonDocument.Parse(line).RootElement.EnumerateObject()];
            if (!fields.Select(f => f.Name).SequenceEqual(kinds.Keys))
                return one.HasOwnFields || one.Line.Contains("--dry-run", StringComparison.Ordinal) ? null : $"-o schema says {string.Join(' ', kinds.Keys)}, a row is {line}";
            string? name = fields.Where(f => !Fits(f.Value, kinds[f.Name])).Select(f => f.Name).FirstOrDefault();
            if (name is not null) return $"-o schema says {kinds[name]} for {name} in {line}";
        }

        return null;
    }

    private static bool Fits(JsonElement value, string kind) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Number => kind == "number" || (kind == "integer" && value.TryGetInt64(out _)),
        JsonValueKind.True or JsonValueKind.False => kind == "boolean",
        JsonValueKind.Array => kind == "integer[]",
        _ => kind == "string",
    };

    [GeneratedRegex(@"^  moldau ([a-z2-]+(?: [a-z2-]+)?)(?=  |$)", RegexOptions.Multiline)]
    private static partial Regex VerbLine();

    [GeneratedRegex(@"(?<=[-/])N\b")]
    private static partial Regex LetterHere();

    /// <summary>A number, a time or a size with its unit.</summary>
    [GeneratedRegex(@"\d+(?:[.:,-]\d+)*(?:[eE][-+]?\d+)?(?:T\d[\d:.]*Z)?(?: ?(?:[kKMGT]i?)?B(?:/s)?\b| ?(?:ns|µs|us|ms|s|min|h)\b)?")]
    private static partial Regex Measured();

    [GeneratedRegex(@"(?m)(?<=\S) +|^ +")]
    private static partial Regex Gap();

    [GeneratedRegex(@"(?<![\w-])[A-Za-z0-9_-]{22}(?![\w-])")]
    private static partial Regex Id();
}

using Moldau.Generators.Schema;

namespace Moldau.Protocol.Tests;

/// <summary>The tables against the facts of Apache Kafka 4.4.0.</summary>
public sealed class SchemaFactsTests
{
    [Fact]
    public void Apis_HaveKafkasVersionsAndListeners()
    {
        var facts = Blocks("requests.txt").ToDictionary(b => b[1], Attributes);
        Assert.Equal(ApiTable.All.Length * 2, facts.Count);
        foreach (ApiInfo api in ApiTable.All)
        {
            Dictionary<string, string> request = facts[api.Name + "Request"], response = facts[api.Name + "Response"];
            Assert.Equal((short)api.Key, short.Parse(request["key"]));
            string versions = api.IsRemoved ? "none"
                : api.LowestVersion == api.HighestVersion
                    ? $"{api.LowestVersion}" : $"{api.LowestVersion}-{api.HighestVersion}";
            Assert.Equal((api.Name, request["versions"], response["versions"]), (api.Name, versions, versions));
            Assert.Equal((api.Name, request["flexible"]), (api.Name, Flexible(api.FirstFlexibleRequest)));
            Assert.Equal((api.Name, response["flexible"]), (api.Name, Flexible(api.FirstFlexibleResponse)));
            Assert.Equal((api.Name, Sorted(request.GetValueOrDefault("listeners", ""))),
                (api.Name, Listeners(api.Listeners)));
            Assert.Equal((api.Name, request.GetValueOrDefault("latestUnstable") == "true"),
                (api.Name, api.LatestUnstable));
        }
    }

    [Fact]
    public void Records_HaveKafkasIdsAndVersions()
    {
        string[] files = Directory.GetFiles(SharedFacts.ProtocolFolder(), "*.txt").Select(f => Path.GetFileName(f)!)
            .Where(f => f != "requests.txt").ToArray();
        string[][] facts = files.SelectMany(Blocks).ToArray();
        Assert.Equal(Messages.All.Count(m => m.Kind is not (MessageKind.Request or MessageKind.Response)),
            facts.Length);
        foreach (string[] block in facts)
        {
            Dictionary<string, string> fact = Attributes(block);
            MessageInfo info = Messages.All.Single(m => m.Name == block[1]);
            string versions = info.LowestVersion == info.HighestVersion
                ? $"{info.LowestVersion}" : $"{info.LowestVersion}-{info.HighestVersion}";
            Assert.Equal((info.Name, fact["versions"], fact["flexible"]),
                (info.Name, versions, Flexible(info.LowestFlexibleVersion)));
            Assert.Equal((info.Name, fact.GetValueOrDefault("key", "-1")), (info.Name, info.Id.ToString()));
        }
    }

    [Fact]
    public void Fields_AreKafkasInOrder()
    {
        foreach (string file in Directory.GetFiles(SharedFacts.ProtocolFolder(), "*.txt"))
        {
            string message = "";
            var fields = new Dictionary<string, List<string>>();
            foreach (string line in File.ReadLines(file).Where(l => l.Length > 0 && l[0] != '#'))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (line[0] != ' ') message = words[1];
                else if (words[0] != "struct") fields.TryAdd(message, []);
                if (line[0] == ' ' && words[0] != "struct")
                    fields[message].Add($"{words[0]} {words[1]} {words[2]}".ToLowerInvariant());
            }

            foreach ((string name, List<string> theirs) in fields)
                Assert.Equal((name, string.Join("; ", theirs.Order())), (name, string.Join("; ", Ours(name).Order())));
        }
    }

    [Fact]
    public void ErrorCodes_AreKafkas()
    {
        string[][] rows = File.ReadLines(Path.Combine(SharedFacts.ProtocolFolder(), "errors.tsv")).Skip(1)
            .Select(l => l.Split('\t')).ToArray();
        Assert.Equal(rows.Length, Enum.GetValues<ErrorCode>().Length);
        foreach (string[] row in rows)
        {
            var code = (ErrorCode)short.Parse(row[0]);
            Assert.Equal((row[1], row[2] == "true"), (code.KafkaName(), code.IsRetriable()));
        }
    }

    private static IEnumerable<string> Ours(string message)
    {
        MessageModel model = SchemaCatalog.Messages[message];
        return model.Structures.Prepend(model.Root).SelectMany(s => s.Fields)
            .Select(f => $"{f.Name} {(f.IsArray ? "[]" : "")}{f.Type} {Range(f.Versions)}".ToLowerInvariant());
    }

    private static string Range(VersionRange range) =>
        range.High == VersionRange.Open
            ? $"{range.Low}+" : range.Low == range.High ? $"{range.Low}" : $"{range.Low}-{range.High}";

    private static string Flexible(short first) => first == short.MaxValue ? "none" : $"{first}+";

    private static string Sorted(string listeners) =>
        string.Join(',', listeners.Split(',').Order(StringComparer.Ordinal));

    private static string Listeners(ApiListeners listeners) => listeners switch
    {
        ApiListeners.None => "",
        ApiListeners.Broker => "broker",
        ApiListeners.Controller => "controller",
        _ => "broker,controller",
    };

    private static IEnumerable<string[]> Blocks(string file) =>
        File.ReadLines(Path.Combine(SharedFacts.ProtocolFolder(), file))
            .Where(l => l.Length > 0 && l[0] is not (' ' or '#'))
            .Select(l => l.Split(' '));

    private static Dictionary<string, string> Attributes(string[] words) =>
        words.Skip(2).Select(w => w.Split('=')).ToDictionary(w => w[0], w => w[1]);
}

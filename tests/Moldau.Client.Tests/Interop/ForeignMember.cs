using System.Text.Json.Nodes;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Interop;

/// <summary>A member of a group that is another client, in a process of its own. It tells what it has and reads.</summary>
internal sealed class ForeignMember : IDisposable
{
    private readonly ChildProcess _process;
    private readonly string _name;

    private ForeignMember(string name, ChildProcess process) => (_name, _process) = (name, process);

    /// <summary>kafka-python, librdkafka by its Python binding, or Kafka's own Java client; skips the test without it.</summary>
    public static ForeignMember Start(string client, string bootstrap, string group, string topic, string strategy)
    {
        if (TestTools.WhyMissing(client == "java" ? "java" : "python") is { } missing) Assert.Skip(missing);
        if (client == "java")
        {
            if (JavaPrograms.WhyMissing is { } reason) Assert.Skip(reason);
            IReadOnlyList<string> java = JavaPrograms.CommandLine(PathOf("JavaMember.java"));
            return new ForeignMember(client, ChildProcess.Start("java", [.. java, bootstrap, group, topic, strategy]));
        }

        string program = client == "librdkafka" ? "confluent_member.py" : "kafka_python_member.py";
        return new ForeignMember(
            client, ChildProcess.Start(TestTools.Python, [PathOf(program), bootstrap, group, topic, strategy]));
    }

    public static string PathOf(string program) => Path.Combine(AppContext.BaseDirectory, "Interop", "programs", program);

    /// <summary>The partitions it has now.</summary>
    public int[] Assigned => [.. Lines("assigned").LastOrDefault()?["assigned"]!.AsArray().Select(p => (int)p!) ?? []];

    /// <summary>What it has read, in order.</summary>
    public string[] Records => [.. Lines("record").Select(r => (string)r["record"]!)];

    /// <summary>Leaves the group and ends.</summary>
    public void Leave()
    {
        _process.CloseInput();
        _process.WaitForEnd(TimeSpan.FromSeconds(60)).Succeeded();
    }

    public void Dispose() => _process.Dispose();

    public override string ToString() => $"{_name} has [{string.Join(',', Assigned)}]: {_process.Error}";

    private IEnumerable<JsonNode> Lines(string key)
    {
        string output = _process.Output;
        // The last line may be on its way.
        string[] lines = output[..(output.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Where(l => l.StartsWith('{')).Select(l => JsonNode.Parse(l)!).Where(l => l[key] is not null);
    }
}

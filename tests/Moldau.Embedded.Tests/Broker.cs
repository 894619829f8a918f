using Moldau.Base;
using Moldau.Client;

namespace Moldau.Embedded.Tests;

/// <summary>What the tests of a broker do over and over.</summary>
internal static class Broker
{
    /// <summary>Ends with the test, or when it has hung for longer than any machine is busy.</summary>
    public static CancellationToken Patience
    {
        get
        {
            CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(TimeSpan.FromSeconds(90));
            return source.Token;
        }
    }

    public static async Task SendAsync(
        MoldauClient client, string topic, int first, int count, CancellationToken cancel = default)
    {
        if (cancel == default) cancel = Patience;
        Topic<int, int> numbers = new(topic, Serde.Int32, Serde.Int32);
        await using Producer producer = client.CreateProducer();
        await Task.WhenAll(Enumerable.Range(first, count)
            .Select(i => producer.SendAsync(numbers, i, i, cancel).AsTask()));
    }

    /// <summary>Reads from the start: partition 0, or as a member of a group.</summary>
    public static async Task<List<int>> ReadAsync(
        MoldauClient client, string topic, int count, string? group = null, CancellationToken cancel = default)
    {
        if (cancel == default) cancel = Patience;
        await using var consumer = client.CreateConsumer(
            Serde.Int32, Serde.Int32, new ConsumerOptions { GroupId = group, OffsetReset = OffsetReset.Earliest });
        if (group is null) consumer.Assign(new TopicPartition(topic, 0));
        else consumer.Subscribe(topic);
        List<int> read = [];
        await foreach (var record in consumer.ReadAllAsync(cancel))
        {
            read.Add(record.Value);
            record.Done();
            if (read.Count == count) break;
        }

        return read;
    }

    public static string[] TemporaryFolders() => Directory.GetDirectories(Path.GetTempPath(), "moldau-*");

    /// <summary>Other tests make folders at the same time; those have a node's files in them, or something else.</summary>
    public static bool IsAbandoned(string folder) =>
        Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any();

    /// <summary>A folder that goes with the test.</summary>
    internal sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("kept-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Support;

/// <summary>Topics of a real server: made for a test, and read back by kcat, which shares nothing with our
/// client.</summary>
internal static class Topics
{
    private static int _last;

    /// <summary>Creates a topic with a name of its own.</summary>
    public static async Task<string> CreateAsync(
        MoldauClient client, int partitions = 1, params (string Name, string Value)[] configs)
    {
        string name = $"produced-{Environment.ProcessId}-{Interlocked.Increment(ref _last)}";
        CreateTopicsRequest.CreatableTopic topic = new() { Name = name, NumPartitions = partitions, ReplicationFactor = 1 };
        foreach ((string key, string value) in configs)
            topic.Configs.Add(new CreateTopicsRequest.CreatableTopicConfig { Name = key, Value = value });
        short error = await client.Driver.WaitAsync(
            topic,
            static (machine, turn, t) => AdminCalls.Start<CreateTopicsRequest, CreateTopicsResponse, short>(
                machine, turn, CallTarget.Controller,
                _ => new CreateTopicsRequest { Topics = [t], TimeoutMs = 30_000 },
                (answer, operation, now) =>
                {
                    operation.TrySucceed(answer.Topics[0].ErrorCode, now);
                    return CallOutcome.Done;
                }),
            TestContext.Current.CancellationToken);
        Assert.Equal(0, error);
        return name;
    }

    /// <summary>What stands in a topic, one line a record, in the order of each partition's offsets.</summary>
    /// <param name="server">Who has it.</param>
    /// <param name="topic">Its name.</param>
    /// <param name="format">kcat's format of a record, without the line's end.</param>
    /// <param name="extra">Further arguments.</param>
    public static string[] Read(ServerUnderTest server, string topic, string format, params string[] extra)
    {
        if (TestTools.Find("kcat") is not { } kcat)
        {
            Assert.Skip("kcat is not on the path");
            return [];
        }

        ProgramResult result = ChildProcess.Run(
            kcat, ["-b", server.Bootstrap, "-t", topic, "-C", "-e", "-q", "-f", format + "\\n", .. extra],
            TimeSpan.FromSeconds(60));
        Assert.Equal(0, result.ExitCode);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

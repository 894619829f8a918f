using Microsoft.Extensions.Hosting;
using Moldau.Protocol;

namespace Moldau.Client.Hosting;

/// <summary>Makes the connection at the host's start, so that what is wrong with its configuration is told there.</summary>
internal sealed class Starter(Connection connection) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = connection.Client;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Makes the topics that must be there.</summary>
internal sealed class TopicMaker(Connection connection, IReadOnlyList<NewTopic> topics) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => EnsureAsync(connection.Client, topics, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <exception cref="MoldauException">A topic could not be made.</exception>
    public static async Task EnsureAsync(MoldauClient client, IReadOnlyList<NewTopic> topics, CancellationToken cancel)
    {
        if (topics.Count == 0) return;
        var there = await client.Admin.DescribeTopicsAsync([.. topics.Select(t => t.Name)], cancel).ConfigureAwait(false);
        NewTopic[] missing = [.. topics.Where(t => !there[t.Name].IsSuccess)];
        if (missing.Length == 0) return;
        var made = await client.Admin.CreateTopicsAsync(missing, false, cancel).ConfigureAwait(false);
        foreach (ClientError? error in made.Values)
            if (error is not null && error.Code != ErrorCode.TopicAlreadyExists) throw new MoldauException(error);
    }
}

using System.Diagnostics;
using Moldau.Client;

namespace Moldau.Embedded.Tests;

/// <summary>How long it takes from the call to the first answered request. Set MOLDAU_BENCH to have it measured alone.</summary>
public sealed class StartTimeTests(ITestOutputHelper output)
{
    private const int Warming = 15;
    private const int Measured = 20;

    [Theory]
    [InlineData(EmbeddedTransport.System)]
    [InlineData(EmbeddedTransport.Portable)]
    public async Task Start_ToTheFirstAnswer(EmbeddedTransport transport)
    {
        if (Environment.GetEnvironmentVariable("MOLDAU_BENCH") is null) Assert.Skip("set MOLDAU_BENCH to measure");
        List<double> started = [], answered = [], stopped = [];
        for (int i = 0; i < Warming + Measured; i++)
        {
            long began = Stopwatch.GetTimestamp();
            EmbeddedBroker broker = await EmbeddedBroker.StartAsync(new() { Transport = transport }, Broker.Patience);
            double start = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            double answer;
            await using (broker)
            {
                await using MoldauClient client = broker.CreateClient();
                Assert.Empty(await client.Admin.ListTopicsAsync(Broker.Patience));
                answer = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                began = Stopwatch.GetTimestamp();
            }

            if (i == 0) Console.WriteLine($"{transport}: first of the process {start:F1} ms to the start, {answer:F1} ms to the answer");
            if (i < Warming) continue;
            started.Add(start);
            answered.Add(answer);
            stopped.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        Tell(transport, "started", started);
        Tell(transport, "first answer", answered);
        Tell(transport, "end", stopped);
    }

    private void Tell(EmbeddedTransport transport, string what, List<double> ms)
    {
        ms.Sort();
        string line = $"{transport}: {what} median {ms[ms.Count / 2]:F1} ms, from {ms[0]:F1} to {ms[^1]:F1} ms, n={ms.Count}";
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}

using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Moldau.Base;

namespace Moldau.Client.Hosting.Tests;

/// <summary>Handlers in a host, against our node.</summary>
public sealed class HandlerTests(Node node)
{
    [Fact]
    public async Task PerKey_WorksOnManyAtOnce_AndKeepsEachKeysOrder()
    {
        const int Keys = 20;
        const int Each = 30;
        await using World world = await World.CreateAsync(node, partitions: 3);
        world.Script.WaitsAt = "first";
        await world.SendAsync(("k0", "first"));
        await world.SendAsync([.. Enumerable.Range(0, Keys * Each).Select(i => ((string?)$"k{i % Keys}", $"{i}"))]);
        IHost host = world.Host(b => Add(b, world, h => h.Concurrency = Concurrency.PerKey(8)));
        await host.StartAsync(World.Patience);

        // One key waits: those of other workers go on.
        World.Until(() => world.Script.Done.Count > 100, "records of other keys");
        Assert.DoesNotContain(world.Script.Done, r => r.Key == "k0");
        world.Script.Gate.TrySetResult();
        World.Until(() => world.Script.Done.Count == (Keys * Each) + 1, "all records");
        foreach (IGrouping<string?, RecordContext<string, string>> key in world.Script.Done.Where(r => r.Value != "first").GroupBy(r => r.Key))
        {
            int[] numbers = [.. key.Select(r => int.Parse(r.Value!, System.Globalization.CultureInfo.InvariantCulture))];
            Assert.Equal(numbers.Order(), numbers);
            Assert.Equal(Each, numbers.Length);
        }

        Assert.True(world.Script.MostRunning > 1, "never two at once");
    }

    [Fact]
    public async Task PerPartition_KeepsEachPartitionsOrder()
    {
        await using World world = await World.CreateAsync(node, partitions: 3);
        await world.SendAsync([.. Enumerable.Range(0, 300).Select(i => ((string?)$"k{i}", $"{i}"))]);
        IHost host = world.Host(b => Add(b, world, h => h.Concurrency = Concurrency.PerPartition(3)));
        await host.StartAsync(World.Patience);
        World.Until(() => world.Script.Done.Count == 300, "all records");
        foreach (IGrouping<int, RecordContext<string, string>> partition in world.Script.Done.GroupBy(r => r.Partition))
            Assert.Equal(partition.Select(r => r.Offset).Order(), partition.Select(r => r.Offset));
    }

    [Fact]
    public async Task FailedRecord_IsTriedInPlace_BeforeWhatFollowsIt()
    {
        await using World world = await World.CreateAsync(node);
        world.Script.Failures["b"] = 2;
        await world.SendAsync(("k", "a"), ("k", "b"), ("k", "c"));
        IHost host = world.Host(b => Add(b, world, h => h.Retry(2, Backoff.Fixed(TimeSpan.FromMilliseconds(10))).DeadLetter()));
        await host.StartAsync(World.Patience);
        World.Until(() => world.Script.Done.Count == 3, "all records");
        Assert.Equal(["a", "b", "b", "b", "c"], world.Script.Seen.Select(s => s.Record.Value));
        Assert.Equal([1, 1, 2, 3, 1], world.Script.Seen.Select(s => s.Record.Attempt));
    }

    [Fact]
    public async Task FailedRecord_GoesThroughRetryTopicsInTime_ThenToTheDeadLetters()
    {
        TimeSpan delay = TimeSpan.FromMilliseconds(700);
        await using World world = await World.CreateAsync(node);
        world.Script.Failures["poison"] = int.MaxValue;
        world.Script.Failures["late"] = 2;
        await world.SendAsync(("k", "poison"), ("k", "late"), ("k", "well"));
        IHost host = world.Host(b => Add(b, world, h => h
            .Retry(1, Backoff.Fixed(TimeSpan.FromMilliseconds(10)))
            .RetryTopics(delay)
            .DeadLetter()));
        await host.StartAsync(World.Patience);
        World.Until(() => world.Script.Done.Count == 2, "what succeeds");
        Assert.Equal(["well", "late"], world.Script.Done.Select(r => r.Value));
        RecordContext<string, string> late = world.Script.Done.Last();
        Assert.Equal((world.Topic.Name, 1L, 3), (late.Topic, late.Offset, late.Attempt));

        ConsumedRecord<string, string> dead = (await world.ReadAsync($"{world.Topic.Name}.dlq", 1)).Single();
        Assert.Equal(("k", "poison"), (dead.Key, dead.Value));
        Assert.Equal(world.Topic.Name, Header(dead, ErrorHeaders.Topic));
        Assert.Equal("0", Header(dead, ErrorHeaders.Partition));
        Assert.Equal("0", Header(dead, ErrorHeaders.Offset));
        Assert.Equal("4", Header(dead, ErrorHeaders.Attempts));
        Assert.Equal(world.Group, Header(dead, ErrorHeaders.Group));
        Assert.Equal("System.InvalidOperationException", Header(dead, ErrorHeaders.Type));
        Assert.Equal("no luck with poison", Header(dead, ErrorHeaders.Message));
        DateTimeOffset[] tries = [.. world.Script.Seen.Where(s => s.Record.Value == "poison").Select(s => s.At)];
        Assert.Equal(4, tries.Length);
        Assert.True(tries[2] - tries[1] >= delay, $"{tries[2] - tries[1]} instead of {delay} at least");
    }

    [Fact]
    public async Task RecordThatCannotBeRead_GoesToTheDeadLettersAtOnce()
    {
        await using World world = await World.CreateAsync(node);
        await using Producer producer = world.Client.CreateProducer();
        await producer.SendAsync(world.Topic.Name, "k"u8, "no number"u8, World.Patience);
        Topic<string, long> numbers = new(world.Topic.Name, Serde.Utf8, Serde.Int64);
        IHost host = world.Host(b => b.AddHandler<NumberHandler, string, long>(numbers, h =>
        {
            h.GroupId = world.Group;
            h.Retry(5, Backoff.Fixed(TimeSpan.FromMinutes(5))).RetryTopics(TimeSpan.FromMinutes(5)).DeadLetter($"{world.Topic.Name}-dead");
        }));
        await host.StartAsync(World.Patience);
        ConsumedRecord<string, string> dead = (await world.ReadAsync($"{world.Topic.Name}-dead", 1)).Single();
        Assert.Equal("no number", dead.Value);
        Assert.Equal("System.FormatException", Header(dead, ErrorHeaders.Type));
    }

    [Fact]
    public async Task FormatExceptionOfTheHandler_IsTriedAgain()
    {
        await using World world = await World.CreateAsync(node);
        world.Script.Trouble = text => new FormatException(text);
        world.Script.Failures["odd"] = 2;
        await world.SendAsync(("k", "odd"));
        IHost host = world.Host(b => Add(b, world, h => h
            .Retry(5, Backoff.Fixed(TimeSpan.FromMilliseconds(10)))
            .DeadLetter()));
        await host.StartAsync(World.Patience);
        World.Until(() => world.Script.Done.Count == 1, "what succeeds in the end");
        Assert.Equal([1, 2, 3], world.Script.Seen.Select(s => s.Record.Attempt));
    }

    [Fact]
    public async Task Stop_WaitsForWhatWasRead_CommitsItAndLeaves()
    {
        await using World world = await World.CreateAsync(node);
        world.Script.WaitsAt = "5";
        await world.SendAsync([.. Enumerable.Range(0, 10).Select(i => ((string?)"k", $"{i}"))]);
        IHost host = world.Host(b => Add(b, world, h => h.Concurrency = Concurrency.PerPartition(1)));
        await host.StartAsync(World.Patience);
        World.Until(() => world.Script.Seen.Any(s => s.Record.Value == "5"), "the record that waits");
        Task stop = host.StopAsync(World.Patience);
        Assert.False(stop.IsCompleted);
        world.Script.Gate.TrySetResult();
        await stop;
        int done = world.Script.Done.Count;
        Assert.InRange(done, 6, 10);
        var offsets = await world.Client.Admin.ListGroupOffsetsAsync(world.Group, World.Patience);
        Assert.Equal(done, offsets[new TopicPartition(world.Topic.Name, 0)].Offset);

        // The next member has the partition at once and begins behind it.
        IHost next = world.Host(b => Add(b, world));
        await next.StartAsync(World.Patience);
        await world.SendAsync(("k", "10"));
        World.Until(() => world.Script.Done.Any(r => r.Value == "10"), "the new record");
        Assert.Equal(11, world.Script.Done.Count);
    }

    [Fact]
    public async Task StopWithoutTime_LeavesWhatIsUnderWayUncommitted()
    {
        await using World world = await World.CreateAsync(node);
        world.Script.WaitsAt = "1";
        await world.SendAsync(("a", "0"), ("a", "1"), ("a", "2"));
        IHost host = world.Host(b => Add(b, world, h => h.Concurrency = Concurrency.PerKey(2)));
        await host.StartAsync(World.Patience);
        World.Until(() => world.Script.Seen.Any(s => s.Record.Value == "1"), "the record that waits");
        using CancellationTokenSource none = new();
        Task stop = host.StopAsync(none.Token);
        await none.CancelAsync();
        await Record.ExceptionAsync(() => stop);
        TopicPartition partition = new(world.Topic.Name, 0);
        bool IsCommitted()
        {
            var offsets = world.Client.Admin.ListGroupOffsetsAsync(world.Group, World.Patience).GetAwaiter().GetResult();
            return offsets.TryGetValue(partition, out CommittedOffset at) && at.Offset == 1;
        }

        World.Until(IsCommitted, "the commit of what was done");
        Assert.DoesNotContain(world.Script.Done, r => r.Value is "1" or "2");
    }

    private static void Add(MoldauBuilder builder, World world, Action<HandlerOptions>? configure = null) =>
        builder.AddHandler<ScriptedHandler, string, string>(world.Topic, h =>
        {
            h.GroupId = world.Group;
            configure?.Invoke(h);
        });

    private static string Header(in ConsumedRecord<string, string> record, string name) =>
        Encoding.UTF8.GetString(record.Headers.Single(h => h.Key == name).Value!);

    private sealed class NumberHandler : IRecordHandler<string, long>
    {
        public ValueTask HandleAsync(RecordContext<string, long> record, CancellationToken cancel) => default;
    }
}

using System.Globalization;

namespace Moldau.Client.Hosting;

/// <summary>How many records are worked on at once, and which keep their order.</summary>
public readonly record struct Concurrency
{
    private Concurrency(int workers, bool isPerKey) => (Workers, IsPerKey) = (workers, isPerKey);

    /// <summary>At most so many records at once.</summary>
    public int Workers { get; }

    /// <summary>True: records of one key keep their order. False: records of one partition.</summary>
    public bool IsPerKey { get; }

    /// <summary>Partitions are worked on beside each other, each in its order.</summary>
    /// <param name="workers">At most so many at once.</param>
    public static Concurrency PerPartition(int workers) => new(workers, false);

    /// <summary>Keys are worked on beside each other, each in its order; records without a key go by their partition.</summary>
    /// <param name="workers">At most so many at once.</param>
    public static Concurrency PerKey(int workers) => new(workers, true);
}

/// <summary>How long to wait before a record is worked on again.</summary>
public sealed record Backoff
{
    private Backoff(TimeSpan first, TimeSpan max) => (First, Max) = (first, max);

    /// <summary>After the first failure.</summary>
    public TimeSpan First { get; }

    /// <summary>At most.</summary>
    public TimeSpan Max { get; }

    /// <summary>Twice as long after each failure.</summary>
    /// <param name="first">After the first failure.</param>
    /// <param name="max">At most.</param>
    public static Backoff Exponential(TimeSpan first, TimeSpan max) => new(first, max);

    /// <summary>Always the same.</summary>
    public static Backoff Fixed(TimeSpan wait) => new(wait, wait);

    /// <summary>Before the next attempt, after so many that failed.</summary>
    internal TimeSpan After(int failures)
    {
        double ms = First.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        return ms >= Max.TotalMilliseconds ? Max : TimeSpan.FromMilliseconds(ms);
    }
}

/// <summary>How a handler reads and what happens to records that fail. A record that fails is worked on again at once, as
/// <see cref="Retry"/> says; then it goes to the retry topics, one after the other, and last to the dead letter topic. Without
/// a dead letter topic it is worked on again and again, and its partition or key waits: nothing is passed over in
/// silence.</summary>
public sealed class HandlerOptions
{
    private readonly List<TimeSpan> _delays = [];

    /// <summary><c>group.id</c>; needed.</summary>
    public string GroupId { get; set; } = "";

    /// <summary>How many records are worked on at once.</summary>
    public Concurrency Concurrency { get; set; } = Concurrency.PerPartition(8);

    /// <summary>How many records may wait for each worker, on top of the one it works on.</summary>
    public int QueuePerWorker { get; set; } = 16;

    /// <summary>Where to begin without a committed offset.</summary>
    public OffsetReset OffsetReset { get; set; } = OffsetReset.Earliest;

    /// <summary>Whether the retry topics and the dead letter topic are made where they are not there, with as many partitions as
    /// the handler's topic.</summary>
    public bool CreatesTopics { get; set; } = true;

    internal int Retries { get; private set; }

    internal Backoff Waits { get; private set; } = Backoff.Exponential(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30));

    internal IReadOnlyList<TimeSpan> Delays => _delays;

    internal bool HasDeadLetter { get; private set; }

    internal string? DeadLetterTopic { get; private set; }

    internal string? WhyInvalid =>
        GroupId.Length == 0 ? "it needs a GroupId"
        : Concurrency.Workers < 1 ? "it needs a worker at least"
        : QueuePerWorker < 1 ? "a queue holds a record at least"
        : null;

    /// <summary>Works on a record that failed so many times more, in its place: what comes behind it in its partition or key
    /// waits.</summary>
    /// <param name="times">How many times more.</param>
    /// <param name="backoff">How long to wait before each.</param>
    public HandlerOptions Retry(int times, Backoff backoff)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        ArgumentNullException.ThrowIfNull(backoff);
        (Retries, Waits) = (times, backoff);
        return this;
    }

    /// <summary>Moves a record that failed to a topic <c>TOPIC.retry.DELAY</c>, whose records are worked on after the delay; then
    /// to the next. What comes behind it does not wait, so that its order is lost.</summary>
    /// <param name="delays">The delays, such as 10 s and 1 min.</param>
    public HandlerOptions RetryTopics(params ReadOnlySpan<TimeSpan> delays)
    {
        foreach (TimeSpan delay in delays) _delays.Add(delay);
        return this;
    }

    /// <summary>Moves a record that failed for good to a topic, with headers that say why.</summary>
    /// <param name="topic">Its name; null for <c>TOPIC.dlq</c>.</param>
    public HandlerOptions DeadLetter(string? topic = null)
    {
        (HasDeadLetter, DeadLetterTopic) = (true, topic);
        return this;
    }

    /// <summary>The names of where failed records of a topic go, in order.</summary>
    internal IReadOnlyList<Stage> StagesOf(string topic)
    {
        List<Stage> stages = [.. _delays.Select(d => new Stage($"{topic}.retry.{Text(d)}", d))];
        if (HasDeadLetter) stages.Add(new Stage(DeadLetterTopic ?? $"{topic}.dlq", null));
        return stages;
    }

    private static string Text(TimeSpan delay) => delay switch
    {
        { TotalMilliseconds: var ms } when ms % 1000 != 0 => string.Create(CultureInfo.InvariantCulture, $"{ms}ms"),
        { TotalSeconds: var s } when s % 60 != 0 => string.Create(CultureInfo.InvariantCulture, $"{s}s"),
        { TotalMinutes: var m } when m % 60 != 0 => string.Create(CultureInfo.InvariantCulture, $"{m}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{delay.TotalHours}h"),
    };
}

/// <summary>Where failed records go.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Delay">How long they rest there; null for the dead letter topic.</param>
internal sealed record Stage(string Topic, TimeSpan? Delay);

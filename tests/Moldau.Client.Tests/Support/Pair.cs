using Moldau.TestServers;

namespace Moldau.Client.Tests.Support;

/// <summary>Two nodes of Apache Kafka, started when first asked for and shared by the tests of a collection, which run one
/// after the other.</summary>
public sealed class Pair : IDisposable
{
    private ApachePair? _running;

    public ApachePair Get()
    {
        if (ApachePair.WhyMissing is { } why) Assert.Skip(why);
        return _running ??= ApachePair.Start();
    }

    public void Dispose() => _running?.Dispose();
}

[CollectionDefinition("pair")]
public sealed class PairCollection : ICollectionFixture<Pair>;

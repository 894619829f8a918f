using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Moldau.Client.Hosting;

/// <summary>Adds producers, handlers and topics to a host's connection. Get it from
/// <see cref="MoldauHostingExtensions.AddMoldau"/>.</summary>
public sealed class MoldauBuilder
{
    internal MoldauBuilder(IServiceCollection services, string name) => (Services, Name) = (services, name);

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The connection's name.</summary>
    public string Name { get; }

    /// <summary>Adds <see cref="IProducer{TKey,TValue}"/> of a topic, with the topic's name as a key too for who has several of
    /// one type. All producers of a connection share one <see cref="Producer"/>.</summary>
    /// <param name="topic">The topic and its formats.</param>
    public MoldauBuilder AddProducer<TKey, TValue>(Topic<TKey, TValue> topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        string name = Name;
        Services.AddKeyedSingleton<IProducer<TKey, TValue>>(
            topic.Name, (provider, _) => new TopicProducer<TKey, TValue>(provider.GetRequiredKeyedService<Connection>(name), topic));
        Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<IProducer<TKey, TValue>>(topic.Name));
        return this;
    }

    /// <summary>Adds a handler of a topic's records, which runs as long as the host does. It is made anew for each record, in a
    /// scope of its own.</summary>
    /// <typeparam name="THandler">The handler.</typeparam>
    /// <typeparam name="TKey">The type of the keys.</typeparam>
    /// <typeparam name="TValue">The type of the values.</typeparam>
    /// <param name="topic">The topic and its formats.</param>
    /// <param name="configure">The group, the concurrency, what happens to records that fail.</param>
    public MoldauBuilder AddHandler<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler, TKey, TValue>(
        Topic<TKey, TValue> topic, Action<HandlerOptions> configure)
        where THandler : class, IRecordHandler<TKey, TValue>
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(configure);
        HandlerOptions options = new();
        configure(options);
        if (options.WhyInvalid is { } reason) throw new ArgumentException($"the handler of {topic.Name}: {reason}", nameof(configure));
        string name = Name;
        Services.TryAddScoped<THandler>();
        Services.AddSingleton<IHostedService>(provider => new HandlerService<TKey, TValue>(
            provider.GetRequiredKeyedService<Connection>(name), topic, options,
            provider.GetRequiredService<IServiceScopeFactory>(), static scope => scope.GetRequiredService<THandler>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger($"Moldau.Client.Hosting.{typeof(THandler).Name}")));
        return this;
    }

    /// <summary>Makes topics at the host's start, before handlers begin, where they are not there. Those that are there stay as
    /// they are.</summary>
    /// <param name="configure">Names the topics.</param>
    public MoldauBuilder AddTopics(Action<TopicList> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        TopicList topics = new();
        configure(topics);
        string name = Name;
        Services.AddSingleton<IHostedService>(
            provider => new TopicMaker(provider.GetRequiredKeyedService<Connection>(name), topics.Topics));
        return this;
    }
}

/// <summary>Topics that must be there.</summary>
public sealed class TopicList
{
    internal List<NewTopic> Topics { get; } = [];

    /// <summary>This topic must be there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="partitions">How many partitions it is made with; −1 for the cluster's default.</param>
    /// <param name="replicationFactor">How many replicas each has; −1 for the cluster's default.</param>
    public TopicList Ensure(string name, int partitions = -1, short replicationFactor = -1)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Topics.Add(new NewTopic(name, partitions, replicationFactor));
        return this;
    }
}

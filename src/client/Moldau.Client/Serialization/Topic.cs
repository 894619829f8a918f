namespace Moldau.Client;

/// <summary>A topic's name with the formats of its keys and values, made once and used by producers and consumers
/// alike.</summary>
/// <typeparam name="TKey">The type of the keys.</typeparam>
/// <typeparam name="TValue">The type of the values.</typeparam>
public sealed class Topic<TKey, TValue>
{
    /// <summary>Describes a topic; nothing is asked of the cluster.</summary>
    /// <param name="name">The topic's name.</param>
    /// <param name="key">The format of the keys, see <see cref="Serde"/>.</param>
    /// <param name="value">The format of the values.</param>
    public Topic(string name, ISerde<TKey> key, ISerde<TValue> value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        (Name, Key, Value) = (name, key, value);
    }

    /// <summary>The topic's name.</summary>
    public string Name { get; }

    /// <summary>The format of the keys.</summary>
    public ISerde<TKey> Key { get; }

    /// <summary>The format of the values.</summary>
    public ISerde<TValue> Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

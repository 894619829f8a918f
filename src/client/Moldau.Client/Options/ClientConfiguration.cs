using Moldau.Base;

namespace Moldau.Client;

/// <summary>A property that was given and changes nothing.</summary>
/// <param name="Name">As it was given.</param>
/// <param name="Why">The reason, in a few words.</param>
public sealed record UnusedProperty(string Name, string Why);

/// <summary>Options as text: Kafka's dotted names (<c>linger.ms</c>), the names of the typed options with their section
/// (<c>Producer:Linger</c>), or librdkafka's where they mean the same. A name that is not known is an error; a property of
/// Kafka's clients that has no meaning here is taken and told of in <see cref="Unused"/>. The typed options are the
/// canonical form: this only fills them.</summary>
public sealed class ClientConfiguration
{
    private const string ProducerSection = "Producer:";
    private const string ConsumerSection = "Consumer:";

    private readonly List<(PropertyRow Row, PropertyText Text)> _given;

    private ClientConfiguration(List<(PropertyRow Row, PropertyText Text)> given, List<UnusedProperty> unused) =>
        (_given, Unused) = (given, unused);

    /// <summary>What was given and changes nothing, to be told once.</summary>
    public IReadOnlyList<UnusedProperty> Unused { get; }

    /// <summary>Every name of a property that sets something, Kafka's first.</summary>
    public static IReadOnlyList<string> Names => Lookup.Names;

    /// <summary>Looks the names up. Values are read by the <c>Apply</c>s, in no order of their own.</summary>
    /// <param name="properties">Names and values; null counts as the empty text.</param>
    /// <exception cref="FormatException">There is no such property, or two names of one property were given; the text names
    /// the one that may be meant.</exception>
    public static ClientConfiguration Read(IEnumerable<KeyValuePair<string, string?>> properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        Dictionary<PropertyRow, PropertyText> found = [];
        List<UnusedProperty> unused = [];
        foreach ((string name, string? value) in properties)
        {
            PropertyRow row = Find(name) ?? throw Unknown(name);
            if (row.WhyUnused is { } why)
            {
                unused.Add(new UnusedProperty(name, why));
                continue;
            }

            if (found.TryGetValue(row, out PropertyText other))
                throw new FormatException($"'{other.Name}' and '{name}' are the same property, {row.Name}: give one of them");
            found.Add(row, new PropertyText(name, value ?? "", row.IsSecret));
        }

        List<(PropertyRow, PropertyText)> given = [];
        if (found.Count > 0)
        {
            foreach (PropertyRow row in PropertyTable.Rows)
                if (found.TryGetValue(row, out PropertyText text)) given.Add((row, text));
        }

        return new ClientConfiguration(given, unused);
    }

    /// <summary>Whether a property was given, by any of its names.</summary>
    /// <param name="name">One of its names.</param>
    public bool Has(string name) => _given.Any(g => g.Row == Find(name));

    /// <summary>Whether the value of a property is to be hidden.</summary>
    /// <param name="name">One of its names.</param>
    public static bool IsSecret(string name) => Find(name) is { IsSecret: true };

    /// <summary>Whether two names mean one property.</summary>
    /// <param name="one">A name.</param>
    /// <param name="other">Another.</param>
    public static bool AreSame(string one, string other) => Find(one) is { } row && row == Find(other);

    /// <summary>The client's settings.</summary>
    /// <param name="defaults">What holds for what was not given.</param>
    /// <exception cref="FormatException">A value cannot be read.</exception>
    public ClientSettings Apply(ClientSettings defaults)
    {
        foreach ((PropertyRow row, PropertyText text) in _given) defaults = row.Client?.Invoke(defaults, text) ?? defaults;
        return defaults;
    }

    /// <summary>The producers' options.</summary>
    /// <param name="defaults">What holds for what was not given.</param>
    /// <exception cref="FormatException">A value cannot be read.</exception>
    public ProducerOptions Apply(ProducerOptions defaults)
    {
        foreach ((PropertyRow row, PropertyText text) in _given) defaults = row.Producer?.Invoke(defaults, text) ?? defaults;
        return defaults;
    }

    /// <summary>The consumers' options.</summary>
    /// <param name="defaults">What holds for what was not given.</param>
    /// <exception cref="FormatException">A value cannot be read.</exception>
    public ConsumerOptions Apply(ConsumerOptions defaults)
    {
        foreach ((PropertyRow row, PropertyText text) in _given) defaults = row.Consumer?.Invoke(defaults, text) ?? defaults;
        return defaults;
    }

    /// <summary>The share consumers' options. What only other consumers have is not looked at.</summary>
    /// <param name="defaults">What holds for what was not given.</param>
    /// <exception cref="FormatException">A value cannot be read.</exception>
    public ShareConsumerOptions Apply(ShareConsumerOptions defaults)
    {
        foreach ((PropertyRow row, PropertyText text) in _given) defaults = row.Share?.Invoke(defaults, text) ?? defaults;
        return defaults;
    }

    /// <summary>The client's settings, with the bootstrap servers that were given.</summary>
    /// <exception cref="FormatException">A value cannot be read, or no bootstrap server was given.</exception>
    public ClientSettings ToClientSettings()
    {
        if (!Has("bootstrap.servers")) throw new FormatException("bootstrap.servers is not set");
        return Apply(new ClientSettings { BootstrapServers = [] });
    }

    /// <summary>Reads every value, for errors at the start instead of at the first use.</summary>
    /// <exception cref="FormatException">A value cannot be read.</exception>
    public void Check()
    {
        Apply(new ClientSettings { BootstrapServers = [] });
        Apply(new ProducerOptions());
        Apply(new ConsumerOptions());
        Apply(new ShareConsumerOptions { GroupId = "" });
    }

    /// <summary>By any of its names; a section in front narrows the meaning of a dotted name and is checked.</summary>
    internal static PropertyRow? Find(string name)
    {
        if (Lookup.ByName.TryGetValue(name, out PropertyRow? row)) return row;
        int section = name.LastIndexOf(':') + 1;
        bool isDotted = name.AsSpan(section).Contains('.') || name[section..] == "acks";
        if (section == 0 || !isDotted || !Lookup.ByName.TryGetValue(name[section..], out row)) return null;
        bool isItsOwn = name[..section].ToLowerInvariant() switch
        {
            "producer:" => row.Producer is not null || row.WhyUnused is not null,
            "consumer:" => row.Consumer is not null || row.Share is not null || row.WhyUnused is not null,
            "security:" or "security:sasl:" or "security:tls:" => row.Client is not null || row.WhyUnused is not null,
            _ => false,
        };
        return isItsOwn ? row : null;
    }

    private static FormatException Unknown(string name)
    {
        string hint = Nearest.Of(name, Lookup.ByName.Keys) is { } near ? $"; did you mean '{near}'?" : "";
        return new FormatException($"there is no client property '{name}'{hint}");
    }

    /// <summary>Made when the first name is looked up: a program that gives none does not wait for it.</summary>
    private static class Lookup
    {
        public static readonly Dictionary<string, PropertyRow> ByName = Index();

        public static readonly IReadOnlyList<string> Names =
            [.. PropertyTable.Rows.Where(r => r.WhyUnused is null).Select(r => r.Name)];

        private static Dictionary<string, PropertyRow> Index()
        {
            Dictionary<string, PropertyRow> index = new(StringComparer.OrdinalIgnoreCase);
            foreach (PropertyRow row in PropertyTable.Rows)
            {
                index.Add(row.Name, row);
                foreach (string alias in row.Aliases) index.Add(alias, row);
                if (row.Path is not { } path) continue;
                index.TryAdd(path, row);
                foreach (string section in (string[])[ProducerSection, ConsumerSection])
                    if (path.StartsWith(section, StringComparison.Ordinal)) index.TryAdd(path[section.Length..], row);
            }

            return index;
        }
    }
}

namespace Moldau.Metadata;

/// <summary>The rules for names of topics.</summary>
public static class TopicNames
{
    public const int MaxLength = 249;
    public const string ClusterMetadata = "__cluster_metadata";

    /// <summary>Null, or what is wrong with the name, in Kafka's words.</summary>
    public static string? Check(string name)
    {
        string? reason = name switch
        {
            "" => "the empty string is not allowed",
            "." => "'.' is not allowed",
            ".." => "'..' is not allowed",
            { Length: > MaxLength } => $"the length of '{name}' is longer than the max allowed length {MaxLength}",
            _ when !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') =>
                $"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
            _ => null,
        };
        return reason is null ? null : $"Topic name is invalid: {reason}";
    }

    /// <summary>Metric names cannot tell '.' from '_', so two topics may not differ in these only.</summary>
    public static bool HasCollisionChars(string name) => name.AsSpan().ContainsAny('.', '_');

    public static string Unify(string name) => name.Replace('.', '_');

    /// <summary>A topic whose metrics the new one would share, or null.</summary>
    public static string? FindCollision(string name, TopicsImage topics)
    {
        if (!HasCollisionChars(name)) return null;
        string unified = Unify(name);
        foreach ((string other, _) in topics.ByName)
        {
            if (other.Length == name.Length && other != name && HasCollisionChars(other) && Unify(other) == unified)
                return other;
        }

        return null;
    }
}

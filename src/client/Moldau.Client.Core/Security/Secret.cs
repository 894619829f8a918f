namespace Moldau.Client;

/// <summary>A text that must not be seen: a password, a key, a client's secret. It prints as <c>[hidden]</c>, so that
/// options may be logged and shown in errors.</summary>
public sealed class Secret : IEquatable<Secret>
{
    private readonly string _text;

    /// <summary>Hides a text.</summary>
    public Secret(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
    }

    /// <summary>Hides a text.</summary>
    public static implicit operator Secret(string text) => new(text);

    /// <summary>Hides a text.</summary>
    public static Secret FromString(string text) => new(text);

    /// <summary>The text itself, for who needs it.</summary>
    public string Reveal() => _text;

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <summary>Of the length alone: a hash of the text would tell something of it.</summary>
    public override int GetHashCode() => _text.Length;

    /// <summary><c>[hidden]</c></summary>
    public override string ToString() => "[hidden]";
}

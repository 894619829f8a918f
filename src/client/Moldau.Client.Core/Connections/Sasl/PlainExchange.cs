using System.Text;

namespace Moldau.Client;

/// <summary>PLAIN (RFC 4616): one message with name and password.</summary>
internal sealed class PlainExchange(SaslOptions options) : SaslExchange
{
    public override SaslStep Begin() =>
        new(Encoding.UTF8.GetBytes($"\0{options.Username}\0{options.Password!.Reveal()}"));

    public override SaslStep Take(ReadOnlySpan<byte> answer) => SaslStep.Over;
}

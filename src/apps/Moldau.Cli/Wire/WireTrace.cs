using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Moldau.Cli.Output;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Wire;

/// <summary>Tells what one client sends and receives, a line each: which request to whom, how large, how long its answer took and
/// which errors are in it; with the messages themselves where they are asked for.</summary>
internal sealed class WireTrace(TextWriter output, bool hasMessages) : IWireWatcher
{
    private const int MostCharacters = 2000;

    /// <summary>Of a request after its length prefix: the API's key, its version, and the correlation id.</summary>
    private const int VersionAt = 2;
    private const int CorrelationIdAt = 4;
    private const int HeaderBytes = 8;

    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly Dictionary<long, BrokerAddress> _links = [];

    // Requests that get no answer stay until their link closes.
    private readonly Dictionary<(long Link, int CorrelationId), (ApiInfo Api, short Version, long SentAt)> _open = [];

    private const string Variable = "MOLDAU_DEBUG";

    /// <summary>What the options of a verb ask for; null where nothing is to be told.</summary>
    public static WireTrace? Wanted(bool isVerbose, bool hasMessages) =>
        isVerbose || hasMessages ? new WireTrace(Console.Error, hasMessages) : null;

    /// <summary>The same for Kafka's scripts, whose options are not ours: MOLDAU_DEBUG is <c>wire</c>, or <c>messages</c>.</summary>
    public static WireTrace? OfEnvironment() => Environment.GetEnvironmentVariable(Variable) switch
    {
        "wire" => new WireTrace(Console.Error, hasMessages: false),
        "messages" => new WireTrace(Console.Error, hasMessages: true),
        _ => null,
    };

    public void Opening(long link, BrokerAddress address)
    {
        _links[link] = address;
        Tell(link, "opening");
    }

    public void Opened(long link) => Tell(link, "open");

    public void Sent(long link, ReadOnlySpan<byte> frame)
    {
        frame = frame[ResponseFrame.LengthPrefix..];
        if (frame.Length < HeaderBytes || ApiTable.Find(BinaryPrimitives.ReadInt16BigEndian(frame)) is not { } api) return;
        short version = BinaryPrimitives.ReadInt16BigEndian(frame[VersionAt..]);
        int id = BinaryPrimitives.ReadInt32BigEndian(frame[CorrelationIdAt..]);
        _open[(link, id)] = (api, version, Stopwatch.GetTimestamp());
        Tell(link, $"→ {api.Name} v{version} #{id}, {Bytes(frame)}");
        if (!hasMessages) return;
        KafkaReader reader = new(frame);
        RequestHeader.Read(ref reader, api.RequestHeaderVersion(version));
        TellMessage(Messages.ReadRequest(api.Key, version, ref reader));
    }

    public void Received(long link, ReadOnlySpan<byte> frame)
    {
        int id = BinaryPrimitives.ReadInt32BigEndian(frame);
        if (!_open.Remove((link, id), out var call))
        {
            Tell(link, $"← an answer to nothing that was asked, #{id}, {Bytes(frame)}");
            return;
        }

        IMessage? answer = Read(frame, call.Api, call.Version);
        ErrorList errors = new();
        (answer as IResponse)?.CountErrors(errors);
        string took = Stopwatch.GetElapsedTime(call.SentAt).TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
        string unread = answer is null ? ", which cannot be read" : "";
        Tell(link, $"← {call.Api.Name} v{call.Version} #{id}, {Bytes(frame)}, {took} ms{unread}{errors}");
        TellMessage(answer);
    }

    public void Closed(long link, string? reason)
    {
        if (!_links.ContainsKey(link)) return;
        Tell(link, reason is null ? "closed" : $"closed: {reason}");
        _links.Remove(link);
        foreach ((long Link, int CorrelationId) key in _open.Keys.Where(k => k.Link == link).ToList()) _open.Remove(key);
    }

    /// <summary>A broker that does not know the version of ApiVersions answers in version 0.</summary>
    private static IMessage? Read(ReadOnlySpan<byte> frame, ApiInfo api, short version)
    {
        KafkaReader reader = new(frame);
        ResponseFrame.ReadHeader(ref reader, api, version);
        IMessage? answer = Messages.ReadResponse(api.Key, version, ref reader);
        if (answer is not null && !reader.Failed && reader.Remaining == 0) return answer;
        return api.Key == ApiKey.ApiVersions && version > 0 ? Read(frame, api, 0) : null;
    }

    private void TellMessage(IMessage? message)
    {
        if (!hasMessages || message is null) return;
        string text = MessageJson.OfTraffic(message);
        if (text.Length > MostCharacters) text = $"{text.AsSpan(0, MostCharacters)}… and {text.Length - MostCharacters:N0} more";
        output.WriteLine($"         {text}");
    }

    private void Tell(long link, string what) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_begin).TotalSeconds,7:0.000}  {_links.GetValueOrDefault(link)} ({link}) {what}"));

    private static string Bytes(ReadOnlySpan<byte> frame) => string.Create(CultureInfo.InvariantCulture, $"{frame.Length:N0} bytes");

    /// <summary>The errors of one answer, each once.</summary>
    private sealed class ErrorList : IErrorCounter
    {
        private readonly SortedSet<string> _names = new(StringComparer.Ordinal);

        public void Count(short errorCode)
        {
            if (errorCode != 0) _names.Add(ErrorCodes.FromWire(errorCode).KafkaName());
        }

        public override string ToString() => string.Concat(_names.Select(n => ", " + n));
    }
}

using System.Buffers.Binary;
using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>Bytes that are no proper request: what the node answers, and whether it closes the connection.</summary>
internal static class FrameScenarios
{
    private static readonly byte[] _body = WireWriter.Write(WireSchema.Apis["Metadata"].Request, 12, []);

    public static IEnumerable<Scenario> All() =>
    [
        Frames("frames", isOnController: false),
        Frames("frames-controller", isOnController: true),
        Versions("frames-versions", isOnController: false),
        Versions("frames-versions-controller", isOnController: true),
        new("frames-body", "Metadata", (9, 13), run =>
        {
            short version = (short)run.Version;
            run.SendRaw("trailing bytes", run.Client.Frame(3, version, true, [.. Body(version), 1, 2, 3]));
            run.SendRaw("cut off", run.Client.Frame(3, version, true, Body(version)[..^2]));
            run.SendRaw("no body", run.Client.Frame(3, version, true, []));
            run.SendRaw("array of two thousand million", run.Client.Frame(3, version, true, [255, 255, 255, 255, 7]));
            run.SendRaw("length of ten varint bytes", run.Client.Frame(
                3, version, true, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]));
            run.SendRaw("old header", run.Client.Frame(3, version, false, Body(version)));
            run.SendRaw("null client id", run.Client.Frame(3, version, true, Body(version), clientId: null));
            run.SendRaw("empty client id", run.Client.Frame(3, version, true, Body(version), clientId: ""));
        }),
        new("frames-types", "Metadata", (12, 13), run =>
        {
            void Send(string note, params byte[] body) =>
                run.SendRaw(note, run.Client.Frame(3, (short)run.Version, true, body));
            byte[] id = new byte[16];
            Send("name of no text", [2, .. id, 3, 255, 254, 0, 0, 0, 0]);
            Send("name with NUL", [2, .. id, 3, 65, 0, 0, 0, 0, 0]);
            Send("name longer than the frame", [2, .. id, 120, 65, 0, 0, 0, 0]);
            Send("name of length 2147483646", [2, .. id, 255, 255, 255, 255, 7, 65, 0, 0, 0, 0]);
            Send("unknown tag", [2, .. id, 2, 65, 0, 0, 0, 1, 9, 2, 1, 2]);
            Send("unknown tag longer than the frame", [2, .. id, 2, 65, 0, 0, 0, 1, 9, 100, 1, 2]);
            Send("tag twice", [2, .. id, 2, 65, 0, 0, 0, 2, 9, 0, 9, 0]);
            Send("tags out of order", [2, .. id, 2, 65, 0, 0, 0, 2, 9, 0, 3, 0]);
            Send("two thousand million tags", [2, .. id, 2, 65, 0, 0, 0, 255, 255, 255, 255, 7]);
            Send("bool of 7", [2, .. id, 2, 65, 0, 7, 0, 0]);
            Send("varint of five bytes above 32 bits", [255, 255, 255, 255, 127]);
        }),
        new("frames-pipelined", "Metadata", (0, 13), run =>
        {
            var body = new System.Text.Json.Nodes.JsonObject { ["Topics"] = new System.Text.Json.Nodes.JsonArray() };
            var frames = Enumerable.Range(0, 50)
                .SelectMany(_ => run.Client.Frame("Metadata", run.Version, body)).ToArray();
            run.Client.Send(frames);
            var ids = Enumerable.Range(0, 50)
                .Select(_ => BinaryPrimitives.ReadInt32BigEndian(run.Client.ReadFrame())).ToArray();
            run.Note("order of answers", string.Join(' ', ids));
        }),
    ];

    private static Scenario Frames(string name, bool isOnController) => new(name, "ApiVersions", (0, 0), run =>
    {
        run.SendRaw("length 0", [0, 0, 0, 0]);
        run.SendRaw("length 3", [0, 0, 0, 3, 0, 18, 0]);
        run.SendRaw("length -1", [255, 255, 255, 255]);
        run.SendRaw("length 2147483647", [127, 255, 255, 255]);
        run.SendRaw("length above the limit", [6, 64, 0, 1, 0, 18]);
        run.SendRaw("length at the limit", [6, 64, 0, 0, 0, 18]);
        run.SendRaw("half a length", [0, 0]);
        run.SendRaw("half a length, then the end", [0, 0], isEnd: true);
        run.SendRaw("half a request, then the end", [0, 0, 0, 10, 0, 18, 0], isEnd: true);
        run.SendRaw("header without client id", [0, 0, 0, 8, 0, 18, 0, 0, 0, 0, 0, 1]);
        run.SendRaw("client id longer than the frame", [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0, 50]);
        run.SendRaw("client id of length -2", [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 254]);
        run.SendRaw("client id that is no text", [0, 0, 0, 12, 0, 18, 0, 0, 0, 0, 0, 1, 0, 2, 255, 254]);
        run.SendRaw("unknown api", run.Client.Frame(999, 0, false, []));
        run.SendRaw("negative api", run.Client.Frame(-1, 0, false, []));
        run.SendRaw("removed api", run.Client.Frame(4, 0, false, []));
        run.SendRaw("HTTP", "GET / HTTP/1.1\r\nHost: here\r\n\r\n"u8.ToArray());
        run.SendRaw("TLS", [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 0, 0, 0, 0, 0]);
        run.SendRaw("api versions 99", run.Client.Frame(18, 99, true, []));
        run.SendRaw("api versions -1", run.Client.Frame(18, -1, false, []));
        run.SendRaw("api versions 3 without body", run.Client.Frame(18, 3, true, []));
        run.SendRaw("api versions 0 with a body", run.Client.Frame(18, 0, false, [1, 2, 3]));
    })
    { IsOnController = isOnController };

    /// <summary>Each API of the protocol in the version below its first and above its last.</summary>
    private static Scenario Versions(string name, bool isOnController) => new(name, "ApiVersions", (0, 0), run =>
    {
        foreach (var api in WireSchema.Apis.Values.Where(api => api.Request.In.First <= api.Request.In.Last))
        {
            var (first, last) = ((short)api.Request.In.First, (short)api.Request.In.Last);
            run.SendRaw($"{api.Name} above", run.Client.Frame(api.Key, (short)(last + 1), true, []));
            if (first > 0) run.SendRaw($"{api.Name} below", run.Client.Frame(api.Key, (short)(first - 1), false, []));
        }
    })
    { IsOnController = isOnController };

    private static byte[] Body(short version) =>
        version == 12 ? _body : WireWriter.Write(WireSchema.Apis["Metadata"].Request, version, []);
}

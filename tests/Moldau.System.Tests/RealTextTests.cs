using System.Globalization;
using System.Security.Cryptography;
using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>
/// Real text goes in through two clients at once, with each codec, across a kill -9, and comes out byte-identical
/// through a third. MOLDAU_TEST_TEXT_MB sets the size (64 unless told; 1024 is the full form).
/// </summary>
[Trait("Category", "RealText")]
public sealed class RealTextTests(RealText text) : IClassFixture<RealText>
{
    [Theory]
    [InlineData("none"), InlineData("gzip"), InlineData("snappy"), InlineData("lz4"), InlineData("zstd")]
    public void RealText_TwoClientsInThirdOut_IsByteIdenticalAcrossKill9(string codec)
    {
        Requires.Server();
        Requires.Java();
        Requires.Client("python");
        using var scratch = new ScratchFolder("text");
        using var server = TestServer.Create();
        server.Start();
        var topic = $"text-{codec}";
        Topics.Create(server, topic, 4);
        var half = text.Chunks / 2;
        using var first = Programs.Python(
            "text_in.py", server.Bootstrap, topic, codec, text.File, "0", $"{half}", $"{RealText.ChunkBytes}",
            scratch["go"]);
        using var second = Programs.Java(
            "TextIn.java", server.Bootstrap, topic, codec, text.File, $"{half}", $"{text.Chunks}",
            $"{RealText.ChunkBytes}", scratch["go"]);

        var middle = string.Create(CultureInfo.InvariantCulture, $"acked {half / 400 * 100}\n");
        first.WaitForText(middle, TimeSpan.FromMinutes(5));
        server.Kill();
        File.WriteAllText(scratch["go"], "");
        server.Start();

        Assert.Contains($"done {half}", first.WaitForEnd(TimeSpan.FromMinutes(8)).Succeeded());
        Assert.Contains($"done {text.Chunks - half}", second.WaitForEnd(TimeSpan.FromMinutes(8)).Succeeded());
        using var reader = Programs.Python(
            "text_out.py", server.Bootstrap, topic, scratch["out"], $"{text.Chunks}", $"{RealText.ChunkBytes}");
        Assert.Contains($"chunks {text.Chunks}", reader.WaitForEnd(TimeSpan.FromMinutes(10)).Succeeded());
        using var output = File.OpenRead(scratch["out"]);
        Assert.Equal(text.Sha256, Convert.ToHexString(SHA256.HashData(output)));
    }
}

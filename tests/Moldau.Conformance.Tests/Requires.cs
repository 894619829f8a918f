using Moldau.TestServers;

namespace Moldau.Conformance.Tests;

/// <summary>Skips a test, saying what is missing, when foreign software cannot be had on this machine.</summary>
internal static class Requires
{
    public static void Client(string name)
    {
        if (TestTools.WhyMissing(name) is { } reason) Assert.Skip(reason);
    }

    public static void Java()
    {
        if (JavaPrograms.WhyMissing is { } reason) Assert.Skip(reason);
    }

    public static void KafkaTools()
    {
        if (ApacheServer.WhyMissing is { } reason) Assert.Skip(reason);
    }
}

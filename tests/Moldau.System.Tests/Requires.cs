using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>Skips a test, saying what is missing, when this machine lacks something that it needs.</summary>
internal static class Requires
{
    public static void Server()
    {
        if (TestServer.WhyMissing is { } reason) Assert.Skip(reason);
    }

    public static void Apache()
    {
        if (ApacheServer.WhyMissing is { } reason) Assert.Skip(reason);
    }

    public static void Client(string name)
    {
        if (TestTools.WhyMissing(name) is { } reason) Assert.Skip(reason);
    }

    public static void Java()
    {
        if (JavaPrograms.WhyMissing is { } reason) Assert.Skip(reason);
    }
}

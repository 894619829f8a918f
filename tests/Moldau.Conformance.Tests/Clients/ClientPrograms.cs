namespace Moldau.Conformance.Tests.Clients;

internal static class ClientPrograms
{
    public static string PathOf(string program) =>
        Path.Combine(AppContext.BaseDirectory, "Clients", "programs", program);
}

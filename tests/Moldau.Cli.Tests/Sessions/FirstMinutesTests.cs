using Moldau.TestServers;

namespace Moldau.Cli.Tests.Sessions;

/// <summary>What a newcomer does first, typed into a terminal: the README's commands as they are printed.</summary>
public sealed class FirstMinutesTests : IDisposable
{
    private readonly ScratchFolder _folder = new("session");

    [Fact]
    public void TheReadmesCommands_Work_AndCtrlCEndsThem()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (TestTools.WhyMissing("tmux") is { } noTerminal) Assert.Skip(noTerminal);
        // The README's ./moldau builds the program first; here it is built already.
        File.CreateSymbolicLink(_folder["moldau"], MoldauServer.Executable);
        int port = FreePorts.TakeTwoInARow();
        using Terminal terminal = new(_folder.FullPath, new Dictionary<string, string>
        {
            ["MOLDAU_BOOTSTRAP"] = $"localhost:{port}",
            ["XDG_CONFIG_HOME"] = _folder["config"],
        });
        string[] lines = Commands();
        Assert.Equal("./moldau dev", lines[0]);
        // Other tests have the usual ports.
        terminal.Type(0, $"{lines[0]} --port {port} --http-port {FreePorts.Take()}; echo ended with $?");
        terminal.WaitFor(0, "Ctrl+C stops it.");
        Assert.True(terminal.Shows(0, "./moldau topic create greetings"), terminal.Screen(0));

        foreach (string line in lines[1..]) terminal.Type(1, line);
        terminal.WaitFor(1, "greetings  created");
        terminal.WaitFor(1, "  hello");
        terminal.WaitFor(1, "moldau: 1 record");

        terminal.Type(1, "./moldau consume greetings -g me; echo ended with $?");
        terminal.WaitFor(1, "  hello", times: 2);
        terminal.CtrlC(1);
        terminal.WaitFor(1, "ended with 130");
        Assert.True(terminal.Shows(1, "moldau: 1 record, interrupted"), terminal.Screen(1));

        terminal.Type(1, "./moldau group lag me");
        terminal.WaitFor(1, "me     greetings           1    0      0");
        terminal.Type(1, "./moldau topic delete greetings");
        terminal.WaitFor(1, "Delete 1 topic with all records? [y/N]");
        terminal.Type(1, "n");
        terminal.WaitFor(1, "nothing was done");

        terminal.CtrlC(0);
        terminal.WaitFor(0, "ended with 0");
    }

    [Fact]
    public void Demo_HasSomethingToShowOnArrival()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        int port = FreePorts.TakeTwoInARow();
        using ChildProcess dev = Cli.Start("dev", "--demo", "--ephemeral", "--port", $"{port}", "--http-port", $"{FreePorts.Take()}");
        dev.WaitForText("Ctrl+C stops it.", Cli.Patience);
        Assert.Contains($"./moldau consume orders -n 3 -b localhost:{port}", dev.Output, StringComparison.Ordinal);
        string[] orders = Cli.Run("consume", "orders", "-n", "3", "-b", $"localhost:{port}", "-f", @"%k %v\n").Succeeded().Split('\n')[..3];
        foreach (string order in orders)
        {
            using var json = System.Text.Json.JsonDocument.Parse(order[order.IndexOf('{')..]);
            Assert.StartsWith(json.RootElement.GetProperty("orderId").GetString() + " ", order, StringComparison.Ordinal);
            Assert.True(json.RootElement.GetProperty("total").GetDecimal() > 0, order);
        }

        Assert.Equal(6, Cli.Run("topic", "describe", "orders", "-b", $"localhost:{port}", "-o", "ndjson").Succeeded().TrimEnd().Split('\n').Length);
        // It goes on: from the end there is more to come.
        Cli.Run("consume", "orders", "-o", "end", "-n", "1", "-b", $"localhost:{port}").Succeeded();
        Cli.AssertRefused(
            Cli.Run("dev", "--ephemeral", "--port", $"{port}"), 1, $"port {port} is in use by moldau (process {dev.Id})");
        dev.Terminate();
        dev.WaitForEnd(Cli.Patience).Succeeded();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The commands of the README's first two blocks.</summary>
    private static string[] Commands()
    {
        string[] blocks = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).Split("```");
        return [.. new[] { blocks[1], blocks[3] }.SelectMany(b => b.Split('\n', StringSplitOptions.RemoveEmptyEntries))];
    }
}

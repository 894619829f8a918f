using System.Net.Sockets;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli;

/// <summary>What a running command has at hand: its arguments, the cluster, and where to say what.</summary>
internal sealed class CommandContext : IAsyncDisposable
{
    private const string DefaultBootstrap = "localhost:9092";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);

    private readonly bool _isQuiet;
    private readonly bool? _wantsColour;
    private readonly OutputFormat _format;
    private MoldauClient? _client;

    public CommandContext(CommandLineArguments arguments, CancellationToken cancel)
    {
        (Arguments, Cancel) = (arguments, cancel);
        _isQuiet = arguments.Has("--quiet");
        _format = OutputFormats.Parse(arguments.Value("--output"));
        _wantsColour = arguments.Value("--color") switch
        {
            null or "auto" => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? false : null,
            "always" => true,
            "never" => false,
            string other => throw new CommandException($"'--color {other}': it is auto, always or never", ExitCodes.Usage),
        };
        Properties = new ClientProperties(ClientProperties.Merge(arguments.Value("--command-config"), arguments.Pairs("--property")));
        foreach (UnusedProperty unused in Properties.Unused) Say($"{unused.Name} is not used: {unused.Why}");
        Timeout = arguments.Value("--timeout") is not { } text ? DefaultTimeout
            : Numbers.TryParseSpan(text, out TimeSpan span) && span > TimeSpan.Zero ? span
            : throw new CommandException($"'--timeout {text}' is no time; write 500ms, 30s or 2m", ExitCodes.Usage);
    }

    public CommandLineArguments Arguments { get; }

    public ClientProperties Properties { get; }

    public TimeSpan Timeout { get; }

    /// <summary>Ctrl+C, or the end that the system asks for.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>Whether what goes to standard output may have colours.</summary>
    public bool HasColour => _wantsColour ?? !Console.IsOutputRedirected;

    /// <summary>The client of the cluster that was named, after a broker of it could be reached.</summary>
    /// <exception cref="CommandException">No address is right, or nobody listens there.</exception>
    public async Task<MoldauClient> ConnectAsync()
    {
        if (_client is not null) return _client;
        string bootstrap = Arguments.Value("--bootstrap")
            ?? Properties.Bootstrap
            ?? (Environment.GetEnvironmentVariable("MOLDAU_BOOTSTRAP") is { Length: > 0 } set ? set : DefaultBootstrap);
        IReadOnlyList<BrokerAddress> addresses;
        try
        {
            addresses = BrokerAddresses.Parse(bootstrap);
        }
        catch (FormatException error)
        {
            throw new CommandException($"{error.Message}; write -b localhost:9092", ExitCodes.Usage);
        }

        await KnockAsync(addresses, bootstrap).ConfigureAwait(false);
        try
        {
            return _client = new MoldauClient(Properties.Client(addresses, Timeout));
        }
        catch (ArgumentException error)
        {
            throw new CommandException(error.Message.Split(" (Parameter")[0], ExitCodes.Usage);
        }
    }

    /// <summary>The administration of the cluster.</summary>
    public async Task<AdminClient> AdminAsync() => (await ConnectAsync().ConfigureAwait(false)).Admin;

    /// <summary>Data, in the format that was asked for.</summary>
    public void Show(CommandResult result)
    {
        string text = Renderer.Render(result, _format, HasColour);
        Console.Out.Write(text);
        Console.Out.Flush();
    }

    /// <summary>A message, which <c>--quiet</c> takes away.</summary>
    public void Say(string text)
    {
        if (!_isQuiet) Console.Error.WriteLine(text);
    }

    /// <summary>Shows what is about to be done and asks. With <c>--dry-run</c> the plan is all there is, so it is
    /// data.</summary>
    /// <returns>True to go on.</returns>
    /// <exception cref="CommandException">There is nobody to ask.</exception>
    public bool Confirm(CommandResult plan, string question)
    {
        if (Arguments.Has(Option.DryRun.Name))
        {
            Show(plan);
            return false;
        }

        if (Arguments.Has(Option.Yes.Name)) return true;
        if (Console.IsInputRedirected)
            throw new CommandException($"{question} There is no terminal to ask on: say -y, or look at --dry-run first", ExitCodes.Usage);
        Console.Error.Write(Renderer.Render(plan, OutputFormat.Table, _wantsColour ?? !Console.IsErrorRedirected));
        Console.Error.Write($"{question} [y/N] ");
        if (Console.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes") return true;
        Say("nothing was done");
        return false;
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? default;

    /// <summary>The client tries again until its time is over. A person who mistyped an address, or did not start the
    /// node, wants to know at once.</summary>
    private async Task KnockAsync(IReadOnlyList<BrokerAddress> addresses, string bootstrap)
    {
        string reason = "no answer in time";
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Timeout);
        foreach (BrokerAddress address in addresses)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(address.Host, address.Port, limit.Token).ConfigureAwait(false);
                return;
            }
            catch (SocketException error)
            {
                reason = error.SocketErrorCode == SocketError.ConnectionRefused ? "connection refused" : error.Message;
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                break;
            }
        }

        throw new CommandException(
            $"no broker can be reached at {bootstrap}: {reason} (NETWORK_EXCEPTION); "
            + "start a node with 'moldau dev', or name another address with -b",
            ExitCodes.Unreachable);
    }
}

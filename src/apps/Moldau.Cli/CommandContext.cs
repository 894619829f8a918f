using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Cli.Wire;
using Moldau.Client;

namespace Moldau.Cli;

/// <summary>What a running command has at hand: its arguments, the cluster, and where to say what.</summary>
internal sealed class CommandContext : IAsyncDisposable
{
    private const string DefaultBootstrap = "localhost:9092";
    private const string ConfirmVariable = "MOLDAU_CONFIRM";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);

    private readonly bool _isQuiet;
    private readonly bool _isVerbose;
    private readonly bool _showsMessages;
    private readonly bool? _wantsColour;
    private readonly OutputFormat _format;
    private MoldauClient? _client;

    /// <summary>The client of verbs that only ask; null where there is none.</summary>
    private MoldauClient? _asking;

    public CommandContext(CommandLineArguments arguments, CancellationToken cancel)
    {
        (Arguments, Cancel) = (arguments, cancel);
        _isQuiet = arguments.Has("--quiet");
        (_isVerbose, _showsMessages) = (arguments.Has("--verbose"), arguments.Has("--debug"));
        _format = OutputFormats.Parse(arguments.Value("--output"));
        _wantsColour = arguments.Value("--color") switch
        {
            null or "auto" => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? false : null,
            "always" => true,
            "never" => false,
            string other => throw new CommandException($"'--color {other}': it is auto, always or never", ExitCodes.Usage),
        };
        Profile = Profiles.Profile.Chosen(arguments.Value("--profile"), arguments.Has("--bootstrap"));
        Dictionary<string, string> given = Profile?.ClientProperties() ?? new(StringComparer.Ordinal);
        foreach ((string name, string value) in ClientProperties.Merge(arguments.Value("--command-config"), arguments.Pairs("--property")))
            given[name] = value;
        Properties = new ClientProperties(given);
        foreach (UnusedProperty unused in Properties.Unused) Say($"{unused.Name} is not used: {unused.Why}");
        Timeout = arguments.Value("--timeout") is not { } text ? DefaultTimeout
            : Numbers.TryParseSpan(text, out TimeSpan span) && span > TimeSpan.Zero ? span
            : throw new CommandException($"'--timeout {text}' is no time; write 500ms, 30s or 2m", ExitCodes.Usage);
    }

    public CommandLineArguments Arguments { get; }

    public ClientProperties Properties { get; }

    /// <summary>The profile that the address and properties come from; null where there is none.</summary>
    public Profiles.Profile? Profile { get; }

    /// <summary>True where the fields of the result are asked for, not the result.</summary>
    public bool WantsSchema => _format == OutputFormat.Schema;

    /// <summary>The format of the data, for verbs that print more than one result.</summary>
    public OutputFormat Format => _format;

    /// <summary>Where the cluster is asked first, as it was given.</summary>
    public string Bootstrap => BootstrapAndSource.Address;

    private (string Address, string Source) BootstrapAndSource =>
        Arguments.Value("--bootstrap") is { } given ? (given, "-b")
        : Properties.Bootstrap is { } property ? (property, "bootstrap.servers")
        : Environment.GetEnvironmentVariable("MOLDAU_BOOTSTRAP") is { Length: > 0 } set ? (set, "MOLDAU_BOOTSTRAP")
        : Profile?.Bootstrap is { } known ? (known, $"profile {Profile.Name}")
        : (DefaultBootstrap, "the default");

    public TimeSpan Timeout { get; }

    /// <summary>Ctrl+C, or the end that the system asks for.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>Whether what goes to standard output may have colours.</summary>
    public bool HasColour => _wantsColour ?? !Console.IsOutputRedirected;

    /// <summary>The client of the cluster that was named, after a broker of it could be reached.</summary>
    /// <exception cref="CommandException">No address is right, or nobody listens there.</exception>
    public Task<MoldauClient> ConnectAsync()
    {
        if (_client is null)
        {
            (ClientSettings settings, OpenConnection door) = Knock();
            door.Socket.Dispose();
            _client = Made(settings, static s => new MoldauClient(s));
        }

        return Task.FromResult(_client);
    }

    /// <summary>The client for verbs that ask and end: see <see cref="MoldauClient.OfCaller"/>.</summary>
    /// <exception cref="CommandException">No address is right, or nobody listens there.</exception>
    public Task<MoldauClient> AskingAsync()
    {
        if ((_asking ?? _client) is { } there) return Task.FromResult(there);
        (ClientSettings settings, OpenConnection door) = Knock();
        if (Door.Fits(settings)) return Task.FromResult(_asking = Made(settings, s => MoldauClient.OfCaller(s, door)));
        door.Socket.Dispose();
        return Task.FromResult(_client = Made(settings, static s => new MoldauClient(s)));
    }

    /// <summary>The administration of the cluster.</summary>
    /// <exception cref="CommandException">No address is right, or nobody listens there.</exception>
    public async Task<AdminClient> AdminAsync() => (await AskingAsync().ConfigureAwait(false)).Admin;

    /// <summary>The addresses to ask first.</summary>
    /// <exception cref="CommandException">They are no such list.</exception>
    public IReadOnlyList<BrokerAddress> Addresses()
    {
        try
        {
            return BrokerAddresses.Parse(Bootstrap);
        }
        catch (FormatException error)
        {
            throw new CommandException($"{error.Message}; write -b localhost:9092", ExitCodes.Usage);
        }
    }

    /// <summary>Before a verb that changes something: a profile may forbid it, or want its name as a sign that this
    /// cluster is meant.</summary>
    /// <exception cref="CommandException">The profile forbids it, or nobody confirmed it.</exception>
    public void RequireWritable(string verb)
    {
        if (Profile is null || Arguments.Has(Option.DryRun.Name)) return;
        if (Profile.IsReadOnly)
            throw new CommandException(
                $"profile '{Profile.Name}' is read-only, so '{verb}' is refused; 'moldau profile add' changes that", ExitCodes.Denied);
        if (!Profile.NeedsConfirmation || Environment.GetEnvironmentVariable(ConfirmVariable) == Profile.Name) return;
        if (Console.IsInputRedirected)
            throw new CommandException(
                $"profile '{Profile.Name}' wants its name confirmed before '{verb}'; set {ConfirmVariable}={Profile.Name}", ExitCodes.Denied);
        Console.Error.Write($"'{verb}' on profile '{Profile.Name}' ({Bootstrap}). Its name to go on: ");
        if (Console.In.ReadLine()?.Trim() != Profile.Name) throw new CommandException("that is not the name; nothing was done", ExitCodes.Denied);
    }

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

    public async ValueTask DisposeAsync()
    {
        if (_asking is not null) await _asking.DisposeAsync().ConfigureAwait(false);
        if (_client is not null) await _client.DisposeAsync().ConfigureAwait(false);
    }

    private (ClientSettings Settings, OpenConnection Door) Knock()
    {
        IReadOnlyList<BrokerAddress> addresses = Addresses();
        (string bootstrap, string source) = BootstrapAndSource;
        if (_isVerbose || _showsMessages) Console.Error.WriteLine($"asking {bootstrap} ({source})");
        string reason = "";
        OpenConnection door = Door.Open(addresses, Timeout, Cancel, (_, why) => reason = why) ?? throw new CommandException(
            $"no broker can be reached at {bootstrap}: {reason} (NETWORK_EXCEPTION); "
            + "start a node with 'moldau dev', or name another address with -b",
            ExitCodes.Unreachable);
        return (Properties.Client(addresses, Timeout), door);
    }

    private MoldauClient Made(ClientSettings settings, Func<ClientSettings, MoldauClient> make)
    {
        try
        {
            MoldauClient made = make(settings);
            made.Driver.Watcher = WireTrace.Wanted(_isVerbose, _showsMessages);
            return made;
        }
        catch (ArgumentException error)
        {
            throw new CommandException(error.Message.Split(" (Parameter")[0], ExitCodes.Usage);
        }
    }
}

using System.Runtime.InteropServices;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary>Kafka's scripts by name.</summary>
public static class KafkaScripts
{
    private static readonly Shim[] _all =
    [
        TopicsShim.Shim, ConfigsShim.Shim, ConsoleProducerShim.Shim, ConsoleConsumerShim.Shim, ConsumerGroupsShim.Shim, GetOffsetsShim.Shim,
        DeleteRecordsShim.Shim, LogDirsShim.Shim, ProducerPerfShim.Shim, ConsumerPerfShim.Shim, BrokerApiVersionsShim.Shim,
        QuorumShim.Shim, FeaturesShim.Shim, ClusterShim.Shim,
        AclShim.Shim, ClientMetricsShim.Shim, TokenShim.Shim,
        GroupsShim.Shim, ConsoleShareConsumerShim.Shim, ShareGroupsShim.Shim, EndToEndLatencyShim.Shim,
        VerifiableProducerShim.Shim, VerifiableConsumerShim.Shim, VerifiableShareConsumerShim.Shim,
        LeaderElectionShim.Shim, TransactionsShim.Shim, ReassignShim.Shim,
    ];

    /// <summary>True where the name, with or without <c>.sh</c>, is that of a script that is here.</summary>
    public static bool Has(string name) => Find(name) is not null;

    /// <summary>What to say of one of Kafka's scripts that is not here; null for a name that is none of theirs.</summary>
    public static string? AdviceOnMissing(string name) => MissingScripts.Advice(name);

    /// <summary>The names, for the help.</summary>
    public static IEnumerable<string> Names => _all.Select(s => s.Name).Concat(_offline.Select(s => s.Name));

    private static readonly List<Shim> _offline = [];

    /// <summary>Adds the scripts that read a node's files.</summary>
    internal static void Add(params IReadOnlyCollection<Shim> shims) => _offline.AddRange(shims);

    /// <summary>Runs a script; the result is the exit code.</summary>
    /// <param name="name">With or without <c>.sh</c>.</param>
    /// <param name="args">Its options.</param>
    public static int Run(string name, string[] args)
    {
        Shim shim = Find(name) ?? throw new CommandException($"there is no script '{name}'", ExitCodes.Usage);
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return RunAsync(shim, args, stop.Token).GetAwaiter().GetResult();

        // The second one ends the process the hard way.
        void Stop(PosixSignalContext context)
        {
            context.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    private static Shim? Find(string name)
    {
        string plain = name.EndsWith(".sh", StringComparison.Ordinal) ? name[..^3] : name;
        return _all.FirstOrDefault(s => s.Name == plain) ?? _offline.Find(s => s.Name == plain);
    }

    private static async Task<int> RunAsync(Shim shim, string[] args, CancellationToken cancel)
    {
        try
        {
            args = shim.Rewrite(args);
            if (args.Contains("--version"))
            {
                Console.Out.WriteLine("4.4.0 (moldau)");
                return ExitCodes.Ok;
            }

            bool isHelp = args.Contains("--help");
            if (isHelp || (args.Length == 0 && shim.IsHelpfulAlone))
            {
                ShimHelp.Write(shim, shim.IsHelpfulAlone || shim.HelpExitCode == ExitCodes.Ok ? Console.Out : Console.Error);
                return isHelp ? shim.HelpExitCode : ExitCodes.Ok;
            }

            ShimArguments arguments = ShimArguments.Parse(shim, args);
            if (arguments.IsEmpty)
            {
                ShimHelp.Write(shim, Console.Error);
                return ExitCodes.Failed;
            }

            ShimContext context = new(shim, arguments, args, cancel);
            await using (context.ConfigureAwait(false)) return await shim.Run(context).ConfigureAwait(false);
        }
        catch (ShimUsageException error)
        {
            ShimHelp.WriteUsage(shim, error.Message, Console.Error);
            return ExitCodes.Failed;
        }
        catch (ShimFailedException error)
        {
            await Console.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        catch (MoldauException error)
        {
            await Console.Error.WriteLineAsync($"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}")
                .ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    }
}

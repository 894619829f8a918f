using System.Globalization;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-reassign-partitions.sh</c></summary>
internal static class ReassignShim
{
    public static readonly Shim Shim = new(
        "kafka-reassign-partitions",
        "bootstrap-server? bootstrap-controller? command-config: generate execute verify cancel list reassignment-json-file: "
        + "topics-to-move-json-file: broker-list: disable-rack-aware throttle: replica-alter-log-dirs-throttle: timeout: additional "
        + "preserve-throttles disallow-replication-factor-change help version",
        RunAsync);

    private const string File = "reassignment-json-file";

    /// <summary>What Java says of an exception without a text.</summary>
    private const string NoMessage = "null";

    private static readonly string[] Actions = ["generate", "execute", "verify", "cancel", "list"];

    private static readonly Dictionary<string, string[]> Required = new(StringComparer.Ordinal)
    {
        ["generate"] = ["topics-to-move-json-file", "broker-list"],
        ["execute"] = [File],
        ["verify"] = [File],
        ["cancel"] = [File],
        ["list"] = [],
    };

    private static readonly Dictionary<string, string[]> Permitted = new(StringComparer.Ordinal)
    {
        ["generate"] = ["bootstrap-server", "command-config", "disable-rack-aware"],
        ["execute"] =
        [
            "bootstrap-server", "command-config", "additional", "throttle", "replica-alter-log-dirs-throttle", "timeout",
            "disallow-replication-factor-change",
        ],
        ["verify"] = ["bootstrap-server", "command-config", "preserve-throttles"],
        ["cancel"] = ["bootstrap-server", "bootstrap-controller", "command-config", "preserve-throttles", "timeout"],
        ["list"] = ["bootstrap-server", "bootstrap-controller", "command-config"],
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        string action = Validate(context);
        try
        {
            ShimArguments arguments = context.Arguments;
            if ((arguments.Value("bootstrap-server") ?? arguments.Value("bootstrap-controller")) is "")
                throw new ReassignFailedException("java.lang.NullPointerException", NoMessage);
            if (arguments.Value("command-config") is { } properties && !System.IO.File.Exists(properties))
                throw new ReassignFailedException("java.nio.file.NoSuchFileException", properties);
            context.AddPropertiesFile(arguments.Value("command-config"));
            await RunAsync(context, action).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (ShimFailedException error)
        {
            context.Out.WriteLine(error.Message);
        }
        catch (ReassignFailedException error)
        {
            Tell(context.Out, error.Type, error.Message);
        }
        catch (ScriptJsonException error)
        {
            Tell(context.Out, ScriptJsonException.Type, error.Message);
        }
        catch (MoldauException error)
        {
            string text = $"{ShimErrors.ClassOf(error.Error)}: {ShimErrors.TextOf(new ClientError(error.Error, error.Message))}";
            Tell(context.Out, "java.util.concurrent.ExecutionException", text);
        }

        return ExitCodes.Failed;
    }

    private static Task RunAsync(ShimContext context, string action) => action switch
    {
        "generate" => ReassignShimGenerate.RunAsync(context, Read(context.Arguments, "topics-to-move-json-file")),
        "execute" => ReassignShimExecute.RunAsync(context, Read(context.Arguments, File)),
        "verify" => ReassignShimVerify.RunAsync(context, Read(context.Arguments, File)),
        "cancel" => ReassignShimCancel.RunAsync(context, Read(context.Arguments, File)),
        _ => ListAsync(context),
    };

    /// <summary>The action, when all is right with the options.</summary>
    private static string Validate(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (Actions.Count(arguments.Has) != 1)
            throw new ShimUsageException($"Command must include exactly one action: {string.Join(", ", Actions.Select(a => "--" + a))}");
        string action = Actions.First(arguments.Has);
        if (arguments.Has("bootstrap-server") && arguments.Has("bootstrap-controller"))
            throw new ShimUsageException("Please don't specify both --bootstrap-server and --bootstrap-controller");
        if (!arguments.Has("bootstrap-server") && !arguments.Has("bootstrap-controller"))
            throw new ShimUsageException("Please specify either --bootstrap-server or --bootstrap-controller");
        foreach (string option in Required[action]) arguments.Require(option);
        string[] allowed = [action, .. Required[action], .. Permitted[action]];
        foreach (string word in context.Words.Where(w => w.StartsWith("--", StringComparison.Ordinal)))
        {
            string name = word[2..].Split('=')[0];
            if (arguments.Has(name) && !allowed.Contains(name))
                throw new ShimUsageException($"Option \"[{name}]\" can't be used with action \"[{action}]\"");
        }

        return action;
    }

    private static string Read(ShimArguments arguments, string option)
    {
        string path = arguments.Require(option);
        return System.IO.File.Exists(path)
            ? System.IO.File.ReadAllText(path)
            : throw new ReassignFailedException("java.io.IOException", $"Unable to read file {path}");
    }

    private static void Tell(TextWriter output, string type, string message)
    {
        output.WriteLine($"Error: {message}");
        output.WriteLine(message == NoMessage ? type : $"{type}: {message}");
    }

    private static async Task ListAsync(ShimContext context)
    {
        ReassignCluster cluster = await ReassignCluster.ConnectAsync(context, "listPartitionReassignments").ConfigureAwait(false);
        var moving = await cluster.MovingAsync(null).ConfigureAwait(false);
        context.Out.WriteLine(moving.Count == 0 ? "No partition reassignments found." : "Current partition reassignments:");
        foreach ((TopicPartition partition, PartitionReassignment move) in moving.OrderBy(m => m.Key))
        {
            context.Out.WriteLine($"{partition}: replicas: {string.Join(',', move.Replicas)}."
                + (move.Adding.IsEmpty ? "" : $" adding: {string.Join(',', move.Adding)}.")
                + (move.Removing.IsEmpty ? "" : $" removing: {string.Join(',', move.Removing)}."));
        }
    }

    /// <summary>A number of the options.</summary>
    /// <exception cref="ReassignFailedException">It is none.</exception>
    public static long Number(ShimArguments arguments, string option, long otherwise)
    {
        if (arguments.Value(option) is not { } text) return otherwise;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new ReassignFailedException("joptsimple.OptionArgumentConversionException", $"Cannot parse argument '{text}' of option {option}");
    }
}

using System.Globalization;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-client-metrics.sh</c></summary>
internal static class ClientMetricsShim
{
    public static readonly Shim Shim = new(
        "kafka-client-metrics",
        "bootstrap-server: command-config: alter delete describe list name: generate-name interval: match: metrics: help version",
        RunAsync);

    private const string IllegalArgument = "java.lang.IllegalArgumentException";

    /// <summary>What an option cannot be given with.</summary>
    private static readonly (string Option, string[] Others)[] Exclusive =
    [
        ("delete", ["generate-name", "interval", "match", "metrics"]), ("describe", ["generate-name", "interval", "match", "metrics"]),
        ("list", ["name", "generate-name", "interval", "match", "metrics"]),
    ];

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string bootstrap;
        try
        {
            Check(arguments);
            if (JavaTrace.Single(arguments, "command-config") is { } file) JavaTrace.AddPropertiesFile(context, file);
            bootstrap = JavaTrace.Single(arguments, "bootstrap-server")!;
        }
        catch (JavaFailureException failure)
        {
            JavaTrace.Write(context.Error, "", failure);
            return ExitCodes.Failed;
        }

        try
        {
            JavaTrace.CheckAddress(bootstrap);
            if (arguments.Has("alter")) await AlterAsync(context, bootstrap).ConfigureAwait(false);
            else if (arguments.Has("describe")) await DescribeAsync(context, bootstrap).ConfigureAwait(false);
            else if (arguments.Has("delete")) await DeleteAsync(context, bootstrap).ConfigureAwait(false);
            else await ListAsync(context, bootstrap).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (JavaFailureException failure)
        {
            Tell(context, failure);
        }
        catch (MoldauException error)
        {
            Tell(context, JavaTrace.Bare(error));
        }

        return ExitCodes.Failed;
    }

    private static void Tell(ShimContext context, JavaFailureException failure)
    {
        context.Out.WriteLine("Error while executing client metrics command : " + failure.Message);
        context.Error.Write("ERROR ");
        JavaTrace.WriteTrace(context.Error, failure);
    }

    private static void Check(ShimArguments arguments)
    {
        if (new[] { "alter", "delete", "describe", "list" }.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --alter, --delete, --describe or --list.");
        if (!arguments.Has("bootstrap-server")) throw new JavaFailureException(IllegalArgument, "--bootstrap-server must be specified.");
        foreach ((string option, string[] others) in Exclusive) arguments.Forbid(option, others);
        bool isNamed = arguments.Has("name");
        if (arguments.Has("alter") && isNamed == arguments.Has("generate-name"))
            throw new JavaFailureException(IllegalArgument, "One of --name or --generate-name must be specified with --alter.");
        if (arguments.Has("alter") && JavaTrace.Single(arguments, "interval") is { Length: > 0 } interval
            && !int.TryParse(interval, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            throw new JavaFailureException(IllegalArgument, "Invalid interval value. Enter an integer, or leave empty to reset.");
        if (arguments.Has("delete") && !isNamed)
            throw new JavaFailureException(IllegalArgument, "A client metrics resource name must be specified with --delete.");
    }

    private static async Task AlterAsync(ShimContext context, string bootstrap)
    {
        ShimArguments arguments = context.Arguments;
        string name = arguments.Has("generate-name") ? NewName() : JavaTrace.Single(arguments, "name")!;
        List<ConfigChange> changes = [];
        Change("interval.ms", JavaTrace.Single(arguments, "interval"));
        Change("metrics", Joined("metrics"));
        Change("match", Joined("match"));
        context.Connect(bootstrap, "incrementalAlterConfigs");
        await context.Admin.ChangeConfigAsync(Resource(name), changes, false, context.Cancel).ConfigureAwait(false);
        context.Out.WriteLine($"Altered client metrics config for {name}.");

        string? Joined(string option) => arguments.Has(option)
            ? string.Join(',', arguments.Values(option).SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries)))
            : null;

        // An empty value takes the property back to its default.
        void Change(string property, string? value)
        {
            if (value is null) return;
            changes.Add(new ConfigChange(property, value.Length == 0 ? ConfigChangeKind.Delete : ConfigChangeKind.Set, value));
        }
    }

    /// <summary>A random id, but none that an option's value could not begin with.</summary>
    private static string NewName()
    {
        while (true)
        {
            string name = Uuid.Read(Guid.NewGuid().ToByteArray()).ToString();
            if (!name.StartsWith('-')) return name;
        }
    }

    private static async Task DeleteAsync(ShimContext context, string bootstrap)
    {
        string name = JavaTrace.Single(context.Arguments, "name")!;
        context.Connect(bootstrap, "describeConfigs");
        IReadOnlyList<ConfigValue> values = await context.Admin.DescribeConfigAsync(Resource(name), context.Cancel).ConfigureAwait(false);
        ConfigChange[] changes = [.. values.Select(v => new ConfigChange(v.Name, ConfigChangeKind.Delete, v.Value))];
        await context.Admin.ChangeConfigAsync(Resource(name), changes, false, context.Cancel).ConfigureAwait(false);
        context.Out.WriteLine($"Deleted client metrics config for {name}.");
    }

    private static async Task DescribeAsync(ShimContext context, string bootstrap)
    {
        string? name = JavaTrace.Single(context.Arguments, "name");
        IReadOnlyList<string> names = await NamesAsync(context, bootstrap).ConfigureAwait(false);
        if (name is not null && !names.Contains(name))
        {
            context.Out.WriteLine($"The client metric resource {name} doesn't exist and doesn't have dynamic config.");
            return;
        }

        foreach (string one in name is not null ? [name] : names)
        {
            context.Out.WriteLine($"Client metrics configs for {one} are:");
            var values = await context.Admin.DescribeConfigAsync(Resource(one), context.Cancel).ConfigureAwait(false);
            foreach (ConfigValue value in values.OrderBy(v => v.Name, StringComparer.Ordinal))
                context.Out.WriteLine($"  {value.Name}={value.Value ?? "null"}");
        }
    }

    private static async Task ListAsync(ShimContext context, string bootstrap) =>
        context.Out.WriteLine(string.Join('\n', await NamesAsync(context, bootstrap).ConfigureAwait(false)));

    private static async Task<IReadOnlyList<string>> NamesAsync(ShimContext context, string bootstrap)
    {
        context.Connect(bootstrap, "listConfigResources");
        var resources = await context.Admin
            .ListConfigResourcesAsync([ConfigResourceKind.ClientMetrics], context.Cancel).ConfigureAwait(false);
        return [.. resources.Select(r => r.Name)];
    }

    private static ConfigResource Resource(string name) => new(ConfigResourceKind.ClientMetrics, name);
}

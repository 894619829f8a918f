using System.Globalization;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-delegation-tokens.sh</c></summary>
internal static class TokenShim
{
    public static readonly Shim Shim = new(
        "kafka-delegation-tokens",
        "bootstrap-server: command-config: create renew expire describe owner-principal? renewer-principal? max-life-time-period? "
        + "renew-time-period? expiry-time-period? hmac? help version",
        RunAsync);

    private const string Minutes = "yyyy-MM-dd'T'HH:mm";

    /// <summary>What an action needs.</summary>
    private static readonly (string Action, string[] Options)[] Required =
    [
        ("create", ["max-life-time-period"]), ("renew", ["hmac", "renew-time-period"]), ("expire", ["hmac", "expiry-time-period"]),
    ];

    /// <summary>What an action cannot be given with.</summary>
    private static readonly (string Action, string[] Others)[] Exclusive =
    [
        ("create", ["hmac", "renew-time-period", "expiry-time-period"]),
        ("renew", ["renewer-principal", "max-life-time-period", "expiry-time-period", "owner-principal"]),
        ("expire", ["renew", "max-life-time-period", "renew-time-period", "owner-principal"]),
        ("describe", ["renew-time-period", "max-life-time-period", "hmac", "expiry-time-period"]),
    ];

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Check(arguments);
        try
        {
            JavaTrace.AddPropertiesFile(context, JavaTrace.Single(arguments, "command-config")!);
            JavaTrace.CheckAddress(JavaTrace.Single(arguments, "bootstrap-server")!);
            if (arguments.Has("create")) await CreateAsync(context).ConfigureAwait(false);
            else if (arguments.Has("renew")) await RenewAsync(context).ConfigureAwait(false);
            else if (arguments.Has("expire")) await ExpireAsync(context).ConfigureAwait(false);
            else await DescribeAsync(context).ConfigureAwait(false);
            return ExitCodes.Ok;
        }
        catch (JavaFailureException failure)
        {
            JavaTrace.Write(context.Error, "", failure);
        }
        catch (MoldauException error)
        {
            JavaTrace.Write(context.Error, "", JavaTrace.Wrap(error));
        }

        return ExitCodes.Failed;
    }

    private static void Check(ShimArguments arguments)
    {
        if (new[] { "create", "renew", "expire", "describe" }.Count(arguments.Has) != 1)
            throw new ShimUsageException("Command must include exactly one action: --create, --renew, --expire or --describe");
        arguments.Require("bootstrap-server");
        arguments.Require("command-config");
        foreach ((string action, string[] options) in Required)
        {
            if (!arguments.Has(action)) continue;
            foreach (string option in options) arguments.Require(option);
        }

        foreach ((string action, string[] others) in Exclusive) arguments.Forbid(action, others);
    }

    private static async Task CreateAsync(ShimContext context)
    {
        List<Principal> renewers = Principals(context.Arguments, "renewer-principal");
        long lifetimeMs = Ms(context.Arguments, "max-life-time-period");
        context.Out.WriteLine($"Calling create token operation with renewers :{Text(renewers)} , max-life-time-period :{lifetimeMs}");
        List<Principal> owners = Principals(context.Arguments, "owner-principal");
        Connect(context, "createDelegationToken");
        DelegationToken token = await context.Admin.Tokens
            .CreateAsync(owners.Count > 0 ? owners[0] : null, renewers, Span(lifetimeMs), context.Cancel).ConfigureAwait(false);
        context.Out.WriteLine("Created delegation token with tokenId : " + token.TokenId);
        Write(context, [token]);
    }

    private static async Task RenewAsync(ShimContext context)
    {
        string hmac = context.Arguments.Require("hmac");
        long periodMs = Ms(context.Arguments, "renew-time-period");
        context.Out.WriteLine($"Calling renew token operation with hmac :{hmac} , renew-time-period :{periodMs}");
        byte[] bytes = Decode(hmac);
        Connect(context, "renewDelegationToken");
        DateTimeOffset end = await context.Admin.Tokens.RenewAsync(bytes, Span(periodMs), context.Cancel).ConfigureAwait(false);
        context.Out.Write("Completed renew operation. New expiry date : " + Date(end));
    }

    private static async Task ExpireAsync(ShimContext context)
    {
        string hmac = context.Arguments.Require("hmac");
        long periodMs = Ms(context.Arguments, "expiry-time-period");
        context.Out.WriteLine($"Calling expire token operation with hmac :{hmac} , expire-time-period :{periodMs}");
        byte[] bytes = Decode(hmac);
        Connect(context, "expireDelegationToken");
        DateTimeOffset end = await context.Admin.Tokens.ExpireAsync(bytes, Span(periodMs), context.Cancel).ConfigureAwait(false);
        context.Out.Write("Completed expire operation. New expiry date : " + Date(end));
    }

    private static async Task DescribeAsync(ShimContext context)
    {
        List<Principal> owners = Principals(context.Arguments, "owner-principal");
        context.Out.WriteLine(owners.Count == 0
            ? "Calling describe token operation for current user."
            : $"Calling describe token operation for owners: {Text(owners)}");
        Connect(context, "describeDelegationToken");
        // The original sends the owners as they are, and brokers answer no owners with no tokens.
        var tokens = await context.Admin.Tokens.DescribeAsync(owners, context.Cancel).ConfigureAwait(false);
        context.Out.Write($"Total number of tokens : {tokens.Count}");
        Write(context, tokens);
    }

    private static void Connect(ShimContext context, string call) => context.Connect(context.Arguments.Require("bootstrap-server"), call);

    private static void Write(ShimContext context, IReadOnlyList<DelegationToken> tokens)
    {
        Row("TOKENID", "HMAC", "OWNER", "REQUESTER", "RENEWERS", "ISSUEDATE", "EXPIRYDATE", "MAXDATE");
        foreach (DelegationToken token in tokens)
        {
            Row(
                token.TokenId, Convert.ToBase64String(token.Hmac.Span), token.Owner.ToString(), token.Requester.ToString(),
                Text(token.Renewers), Date(token.IssuedAt), Date(token.ExpiresAt), Date(token.EndsAt));
        }

        void Row(string id, string hmac, string owner, string requester, string renewers, string issued, string expires, string ends) =>
            context.Out.WriteLine($"\n{id,-15} {hmac,-30} {owner,-15} {requester,-15} {renewers,-25} {issued,-15} {expires,-15} {ends,-15}");
    }

    private static List<Principal> Principals(ShimArguments arguments, string option) =>
        [.. arguments.Values(option).Where(v => v.Length > 0).Select(v => JavaTrace.Principal(v.Trim()))];

    private static string Text(IEnumerable<Principal> principals) => $"[{string.Join(", ", principals)}]";

    private static string Date(DateTimeOffset time) => JavaDates.Format(Minutes, time.ToLocalTime());

    /// <summary>A negative time is the brokers' default; the longest one has more milliseconds than the span can hold.</summary>
    private static TimeSpan? Span(long ms) =>
        ms < 0 ? null : TimeSpan.FromMilliseconds(Math.Min(ms, (long)TimeSpan.MaxValue.TotalMilliseconds - 1));

    /// <exception cref="JavaFailureException">The value is missing, or no number.</exception>
    private static long Ms(ShimArguments arguments, string option) =>
        long.TryParse(JavaTrace.Single(arguments, option), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long ms)
            ? ms
            : throw new JavaFailureException("java.lang.IllegalArgumentException", $"the value of --{option} is not a whole number of milliseconds");

    /// <exception cref="JavaFailureException">There is none, or it is no base64.</exception>
    private static byte[] Decode(string hmac) => hmac.Length > 0
        ? JavaBase64.Decode(hmac)
        : throw new JavaFailureException("java.lang.IllegalArgumentException", "--hmac has no value");
}

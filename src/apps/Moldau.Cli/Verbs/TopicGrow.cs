using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicGrow
{
    private static readonly Column[] Columns = [new("topic"), Column.Number("from"), Column.Number("to")];

    public static readonly Command Command = new("topic grow", "NAME --to N", "add partitions to a topic", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options = [new("--to", null, "N", "how many partitions it is to have"), Option.DryRun],
        Details = "Keys move: records of a key that is in one partition now may go to another. Partitions cannot be taken away.",
        Example = "moldau topic grow orders --to 12",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        int to = context.Arguments.Number("--to", 1)
            ?? throw new CommandException("'topic grow' needs --to N, the number of partitions", ExitCodes.Usage);
        bool isDry = context.Arguments.Has(Option.DryRun.Name);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        TopicInfo topic = (await Topics.RequireAsync(context, admin, [name]).ConfigureAwait(false))[0];
        var grown = await admin.CreatePartitionsAsync(
            new Dictionary<string, int> { [name] = to }, isDry, context.Cancel).ConfigureAwait(false);
        if (grown[name] is { } error) throw new MoldauException(error);
        CommandResult result = new(Columns);
        result.Add(name, topic.Partitions.Length, to);
        context.Show(result);
        return ExitCodes.Ok;
    }
}

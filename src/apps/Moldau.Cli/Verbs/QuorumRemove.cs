using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class QuorumRemove
{
    public static readonly Command Command = new("quorum remove", "ID", "take a controller's vote", RunAsync)
    {
        Columns = QuorumAdd.Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            new("--directory", null, "UUID", "its directory id (the one that 'quorum status -o wide' shows)"),
            Option.Yes,
            Option.DryRun,
        ],
        Example = "moldau quorum remove 4",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        int id = QuorumAdd.NodeId(context);
        Uuid? named = QuorumAdd.Directory(context);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        QuorumDescription quorum = await admin.Quorum.DescribeAsync(context.Cancel).ConfigureAwait(false);
        QuorumReplica voter = quorum.Voters.FirstOrDefault(v => v.NodeId == id && (named is null || v.DirectoryId == named))
            ?? throw new CommandException(
                $"controller {id} has no vote; 'moldau quorum status' shows who has (VOTER_NOT_FOUND)", ExitCodes.NotFound);
        CommandResult plan = new(new("node"), new("role"), new("directoryId"), new("votersLeft"));
        plan.Add(id, id == quorum.LeaderId ? "leader" : "voter", voter.DirectoryId.ToString(), quorum.Voters.Count - 1);
        if (!context.Confirm(plan, $"Take controller {id}'s vote?")) return ExitCodes.Ok;
        await admin.Quorum.RemoveVoterAsync(id, voter.DirectoryId, cancel: context.Cancel).ConfigureAwait(false);
        return QuorumAdd.Done(context, id, "removed");
    }
}

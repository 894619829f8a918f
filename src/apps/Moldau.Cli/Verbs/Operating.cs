using Moldau.Cli.Parsing;

namespace Moldau.Cli.Verbs;

/// <summary>The verbs for who operates a cluster: partitions, transactions, rights, quotas, controllers.</summary>
internal static class Operating
{
    public static readonly Command[] Commands =
    [
        BrokerDescribe.Command, BrokerUnregister.Command, ClusterFeatures.Command, GroupEvict.Command, LogDirs.Command,
        PartitionList.Command, PartitionMove.Command, PartitionCancel.Command, PartitionElect.Command, PartitionLead.Command,
        TxnList.Command, TxnDescribe.Command, TxnHanging.Command, TxnAbort.Command,
        AclGrant.Command, AclRevoke.Command, AclList.Command, AclCheck.Command,
        UserCreate.Command, UserList.Command, UserDelete.Command,
        QuotaSet.Command, QuotaList.Command, QuotaClear.Command,
        QuorumStatus.Command, QuorumAdd.Command, QuorumRemove.Command,
        ShareList.Command, ShareDescribe.Command, ShareSeek.Command, ShareDelete.Command,
    ];
}

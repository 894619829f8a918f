using Moldau.Coordination;
using Moldau.Records;

namespace Moldau.Broker;

/// <summary>Feeds batches of a coordinator's log to it, transactional ones included.</summary>
internal static class CoordinatorReplay
{
    public static void Apply(GroupShard groups, ReadOnlySpan<byte> bytes)
    {
        RecordBatchEnumerator batches = new(bytes);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            using RecordEnumerator records = batch.ReadRecords();
            while (records.MoveNext())
            {
                RecordView record = records.Current;
                if (!batch.IsControl)
                {
                    if (record.IsKeyNull) continue;
                    long producerId = batch.IsTransactional ? batch.ProducerId : -1;
                    groups.Replay(record.Key, record.Value, record.IsValueNull, producerId);
                }
                else if (ControlBatches.TryReadKey(record.Key, out ControlRecordType type)
                    && type is ControlRecordType.Commit or ControlRecordType.Abort)
                {
                    groups.ReplayMarker(batch.ProducerId, type == ControlRecordType.Commit);
                }
            }
        }
    }
}

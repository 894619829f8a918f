using Moldau.Records;

namespace Moldau.Client;

/// <summary>What became of one record.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition; −1 where none was chosen before the record failed.</param>
/// <param name="Offset">The record's offset; −1 where it failed, or where <c>acks=0</c> asks for none.</param>
/// <param name="TimestampMs">The record's time in milliseconds since 1970.</param>
/// <param name="Error">Why it failed; null where it was written.</param>
public readonly record struct DeliveryReport(
    string Topic, int Partition, long Offset, long TimestampMs, ClientError? Error);

/// <summary>Sees every record on its way out and what became of it: for tracing and metrics.</summary>
public interface IProducerInterceptor
{
    /// <summary>A record is about to be sent, on the sender's thread. Headers may be added.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="headers">The record's headers.</param>
    void OnSend(string topic, IList<RecordHeader> headers);

    /// <summary>A record was acknowledged or has failed. Called in the order of the offsets of a partition, on a pool
    /// thread; whoever takes long holds up the reports behind.</summary>
    /// <param name="report">What became of it.</param>
    void OnDelivery(in DeliveryReport report);
}

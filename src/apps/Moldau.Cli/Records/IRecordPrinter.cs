using System.Buffers;
using Moldau.Client;

namespace Moldau.Cli.Records;

/// <summary>Writes records as somebody wants to see them.</summary>
internal interface IRecordPrinter
{
    void Print(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, IBufferWriter<byte> output);
}

using System.Buffers.Binary;
using Moldau.Generators.Schema;

namespace Moldau.Fuzz;

/// <summary>Changes one part of a message and leaves the rest whole, so that what follows it is still read.</summary>
internal static class FieldMutator
{
    public static byte[] Mutate(MessageModel message, short version, byte[] bytes, Mutator mutator)
    {
        SchemaWalk walk = SchemaWalk.Read(message, version, bytes);
        if (walk.Marks.Count == 0) return bytes;
        for (int changes = 1 + mutator.Prng.Next(3); changes > 0; changes--)
        {
            Mark mark = walk.Marks[mutator.Prng.Next(walk.Marks.Count)];
            if (mark.Start + mark.Length > bytes.Length) continue;
            bytes = Change(walk, mark, bytes, mutator);
            // Marks behind a change of length are where they were no longer.
            if (changes > 1) walk = SchemaWalk.Read(message, version, bytes);
            if (walk.Marks.Count == 0) break;
        }

        return bytes;
    }

    private static byte[] Change(SchemaWalk walk, in Mark mark, byte[] bytes, Mutator mutator) => mark.Kind switch
    {
        MarkKind.Number or MarkKind.Length => Put(bytes, mark, mutator.Number(mark.Length)),
        MarkKind.CompactLength => Put(bytes, mark, mutator.Varint()),
        MarkKind.Contents =>
            Put(bytes, mark, Same(mutator.Mutate(bytes[mark.Start..(mark.Start + mark.Length)], [], mark.Length), mark.Length)),
        _ => Multiply(walk, mark, bytes, mutator),
    };

    private static byte[] Put(byte[] bytes, in Mark mark, byte[] replacement) =>
        [.. bytes.AsSpan(0, mark.Start), .. replacement, .. bytes.AsSpan(mark.Start + mark.Length)];

    private static byte[] Same(byte[] contents, int length)
    {
        Array.Resize(ref contents, length);
        return contents;
    }

    /// <summary>Drops an element or repeats it, with the array's count.</summary>
    private static byte[] Multiply(SchemaWalk walk, in Mark mark, byte[] bytes, Mutator mutator)
    {
        int times = mutator.Prng.Next(3) == 0 ? 0 : 1 + mutator.Prng.Next(4);
        Mark owner = walk.Marks[mark.Owner];
        byte[] element = bytes[mark.Start..(mark.Start + mark.Length)];
        byte[] changed = Put(bytes, mark, [.. Enumerable.Repeat(element, times).SelectMany(e => e)]);
        Span<byte> count = changed.AsSpan(owner.Start, owner.Length);
        if (owner.Kind == MarkKind.Length)
            BinaryPrimitives.WriteInt32BigEndian(count, BinaryPrimitives.ReadInt32BigEndian(count) + times - 1);
        else if (owner.Length == 1) count[0] = (byte)Math.Clamp(count[0] + times - 1, 0, 127);
        return changed;
    }
}

using Moldau.Base;

namespace Moldau.Fuzz.Toys;

/// <summary>A reader with planted bugs, each behind a few checks in a row that blind changes do not pass: what the fuzzer's own
/// tests fuzz.</summary>
internal sealed class Toy : FuzzTarget
{
    public const string TargetName = "toy";

    public override string Name => TargetName;

    public override string Summary => "three planted bugs";

    public override int QuickIterations => 30_000;

    public override int MaxBytes => 256;

    public override long AllocationSlack => 64 << 10;

    public override long Fuel(int inputBytes) => 10_000;

    public override IEnumerable<byte[]> Seeds(Prng prng) => [new byte[24]];

    public override void Run(byte[] input)
    {
        if (input.Length < 8 || input[0] != 'M') return;
        if (input[1] != 'o') return;
        if (input[2] != 'l') return;
        if (input[3] != 'd') return;
        switch (input[4])
        {
            case 1:
                Must(input[5] != 0xAB, "planted oracle");
                break;
            case 2:
                for (int i = 0; i != 1; i &= 0) // no end
                    if (input[5] != 7) break;
                break;
            case 3:
                GC.KeepAlive(new byte[input[5] << 16]);
                break;
            default:
                break;
        }
    }
}

namespace Moldau.Fuzz;

/// <summary>Makes the input of a finding small and plain as long as the same goes wrong.</summary>
internal sealed class Minimizer(Execution execution, string key)
{
    private const int MostExecutions = 20_000;

    private int _left = MostExecutions;

    public byte[] Minimize(byte[] input)
    {
        int before;
        do
        {
            before = input.Length;
            for (int chunk = Math.Max(1, input.Length / 2); ; chunk /= 2)
            {
                input = Cut(input, chunk);
                if (chunk <= 1) break;
            }
        }
        while (input.Length < before && _left > 0);
        return Plain(input);
    }

    private byte[] Cut(byte[] input, int chunk)
    {
        for (int at = 0; at < input.Length;)
        {
            byte[] shorter = [.. input[..at], .. input[Math.Min(input.Length, at + chunk)..]];
            if (IsSame(shorter)) input = shorter;
            else at += chunk;
        }

        return input;
    }

    private byte[] Plain(byte[] input)
    {
        for (int at = 0; at < input.Length; at++)
        {
            if (input[at] == 0) continue;
            byte[] plainer = [.. input];
            plainer[at] = 0;
            if (IsSame(plainer)) input = plainer;
        }

        return input;
    }

    private bool IsSame(byte[] input) => _left-- > 0 && execution.Run(input)?.Key == key;
}

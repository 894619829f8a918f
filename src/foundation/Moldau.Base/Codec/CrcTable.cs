namespace Moldau.Base;

/// <summary>What a reflected CRC of 32 bits takes byte by byte from.</summary>
public static class CrcTable
{
    /// <summary>The remainder of each byte.</summary>
    /// <param name="polynomial">Its bits reversed.</param>
    public static uint[] Of(uint polynomial)
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? polynomial ^ (c >> 1) : c >> 1;
            table[i] = c;
        }

        return table;
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Moldau.Base;

namespace Moldau.Raft;

/// <summary>The file <c>quorum-state</c>: JSON, data version 1 (version 0, of kraft.version 0, is read and written
/// where the voters have no directory ids).</summary>
public sealed record QuorumStateFile(int LeaderId, int Epoch, int VotedId, Uuid VotedDirectoryId, short Version = 1)
{
    public const string FileName = "quorum-state";

    public static readonly QuorumStateFile None = new(-1, 0, -1, Uuid.Zero);

    public byte[] Write()
    {
        var text = new StringBuilder();
        if (Version == 0)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{{\"clusterId\":\"\",\"leaderId\":{LeaderId},\"leaderEpoch\":{Epoch},");
            text.Append(CultureInfo.InvariantCulture,
                $"\"votedId\":{VotedId},\"appliedOffset\":0,\"currentVoters\":[],\"data_version\":0}}");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{{\"leaderId\":{LeaderId},\"leaderEpoch\":{Epoch},\"votedId\":{VotedId},");
            text.Append(CultureInfo.InvariantCulture,
                $"\"votedDirectoryId\":\"{VotedDirectoryId}\",\"data_version\":1}}");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Null where the file is damaged or from the future.</summary>
    public static QuorumStateFile? Read(ReadOnlySpan<byte> bytes)
    {
        var values = new Dictionary<string, string>();
        try
        {
            var reader = new Utf8JsonReader(bytes);
            string name = "";
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                    name = reader.GetString() ?? "";
                else if (reader.TokenType == JsonTokenType.Number && reader.CurrentDepth == 1)
                    values[name] = reader.GetInt64().ToString(CultureInfo.InvariantCulture);
                else if (reader.TokenType == JsonTokenType.String && reader.CurrentDepth == 1)
                    values[name] = reader.GetString() ?? "";
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            // The reader has no way to say it but an exception; the file is damaged.
            return null;
        }

        if (!Number(values, "data_version", out int version) || version is < 0 or > 1) return null;
        if (!Number(values, "leaderId", out int leader) || !Number(values, "leaderEpoch", out int epoch)) return null;
        if (!Number(values, "votedId", out int voted)) return null;
        Uuid directory = Uuid.Zero;
        if (values.TryGetValue("votedDirectoryId", out string? text) && !Uuid.TryParse(text, out directory))
            return null;
        return new QuorumStateFile(leader, epoch, voted, directory, (short)version);
    }

    private static bool Number(Dictionary<string, string> values, string name, out int value)
    {
        value = 0;
        return values.TryGetValue(name, out string? text)
            && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }
}

using System.Globalization;
using Moldau.Client;

namespace Moldau.Shell;

/// <summary>The numbers of access rules, in Kafka's words; a number that no word is known of stays one.</summary>
internal static class AclNames
{
    public static string ResourceType(sbyte value) => Name((AclResourceType)value);

    public static string PatternType(sbyte value) => Name((AclPatternType)value);

    public static string Operation(sbyte value) => Name((AclOperation)value);

    public static string Permission(sbyte value) => Name((AclPermission)value);

    private static string Name<T>(T value)
        where T : struct, Enum => Enum.IsDefined(value)
            ? KafkaText.EnumName(value)
            : Convert.ToInt32(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
}

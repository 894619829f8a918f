using System.Collections;
using System.Reflection;

namespace Moldau.Protocol.Tests;

internal static class RequestFrames
{
    /// <summary>A request frame without length prefix: header, then message.</summary>
    public static byte[] Build(ApiKey key, short version, IMessage request, out int bodyStart)
    {
        short headerVersion = ApiTable.Get(key).RequestHeaderVersion(version);
        var header = new RequestHeader
        {
            RequestApiKey = (short)key,
            RequestApiVersion = version,
            CorrelationId = 42,
            ClientId = "client",
        };
        bodyStart = header.Size(headerVersion);
        byte[] frame = new byte[bodyStart + request.Size(version)];
        var writer = new KafkaWriter(frame);
        header.Write(ref writer, headerVersion);
        request.Write(ref writer, version);
        return frame;
    }
}

internal static class WithoutUnknownTags
{
    /// <summary>Removes unknown tagged fields at every depth, since hot writers never write any.</summary>
    public static void Strip(object? value)
    {
        if (value is IList list and not byte[])
        {
            foreach (object? item in list) Strip(item);
        }
        else if (value is IMessage || value?.GetType().DeclaringType is not null)
        {
            const BindingFlags flags = BindingFlags.Public | BindingFlags.Instance;
            foreach (PropertyInfo property in value!.GetType().GetProperties(flags))
            {
                if (property.Name == "UnknownTaggedFields") property.SetValue(value, null);
                else Strip(property.GetValue(value));
            }
        }
    }
}

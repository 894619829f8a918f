using System.Text.Json;
using Moldau.Base;

namespace Moldau.Cli.Shims;

/// <summary>What several events tell.</summary>
internal static class ToolEventFields
{
    extension(Utf8JsonWriter json)
    {
        public void WritePartition(TopicPartition partition)
        {
            json.WriteString("topic", partition.Topic);
            json.WriteNumber("partition", partition.Partition);
        }

        /// <summary>An array with an object for each item.</summary>
        public void WriteObjects<T>(string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> fields)
        {
            json.WriteStartArray(name);
            foreach (T item in items)
            {
                json.WriteStartObject();
                fields(json, item);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }
}

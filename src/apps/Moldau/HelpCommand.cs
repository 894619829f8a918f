namespace Moldau;

internal static class HelpCommand
{
    /// <summary>Everything, or what one verb takes.</summary>
    public static int Run(string[] verb)
    {
        if (verb.Length > 0 && verb[0] != "help" && CommandLine.HelpOf(verb) is { } help)
        {
            Console.Out.Write(help);
            return ExitCodes.Ok;
        }

        Console.Out.WriteLine("""
            Moldau, an event streaming platform compatible with Apache Kafka 4.4

              moldau dev                       a node on localhost:9092, data in ./.moldau, nothing to configure
                --port N                       Kafka port (controller: N + 1)
                --http-port N                  port of /metrics and /health
                --data DIR                     where the data goes
                --ephemeral                    a data folder of its own, removed at the end
                --demo                         a stream of orders to look at (topic 'orders')
                --set NAME=VALUE               any Kafka property; may be repeated
              moldau dev reset                 delete that data; also --data DIR, --dry-run, -y
              moldau start FILE                a node from a Kafka server.properties
                --set NAME=VALUE               goes before file and environment; may be repeated
                --strict                       an unknown property is an error
              moldau kafka-topics ...          Kafka's own scripts, with their options and output: also configs, console-producer,
                                               console-consumer, consumer-groups, get-offsets, delete-records, log-dirs, dump-log,
                                               storage, cluster, features, metadata-quorum, metadata-shell, broker-api-versions,
                                               producer-perf-test, consumer-perf-test; or through a link to moldau named kafka-topics.sh
              moldau --version
              moldau help [VERB]

            With a cluster that runs:

            """);
        Console.Out.Write(CommandLine.Overview());
        return ExitCodes.Ok;
    }
}

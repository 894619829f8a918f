namespace Moldau;

internal static class HelpCommand
{
    public static int Run(TextWriter output)
    {
        output.WriteLine("""
            Moldau, an event streaming platform compatible with Apache Kafka 4.4

              moldau dev                       a node on localhost:9092, data in ./.moldau, nothing to configure
                --port N                       Kafka port (controller: N + 1)
                --http-port N                  port of /metrics and /health
                --data DIR                     where the data goes
                --ephemeral                    a data folder of its own, removed at the end
                --set NAME=VALUE               any Kafka property; may be repeated
              moldau start FILE                a node from a Kafka server.properties
                --set NAME=VALUE               goes before file and environment; may be repeated
                --strict                       an unknown property is an error
              moldau storage format [-t ID] -c FILE [--standalone | --no-initial-controllers]
                       [--ignore-formatted] [--release-version V] [--feature NAME=LEVEL]
                                               prepare the log directories of a node, as kafka-storage.sh does
              moldau storage info -c FILE      what the log directories hold
              moldau storage random-uuid       an id for a new cluster
              moldau --version
              moldau help
            """);
        return 0;
    }
}

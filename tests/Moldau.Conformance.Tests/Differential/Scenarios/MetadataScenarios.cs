namespace Moldau.Conformance.Tests.Differential.Scenarios;

internal static class MetadataScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("metadata-known", "Metadata", (0, 13), run =>
        {
            run.CreateTopic(partitions: 3);
            run.Ask("""{"Topics":[{"Name":"$name"}],"AllowAutoTopicCreation":false}""");
            run.Ask("""
                {"Topics":[{"Name":"$name"}],"AllowAutoTopicCreation":false,
                 "IncludeTopicAuthorizedOperations":true,"IncludeClusterAuthorizedOperations":true}
                """);
        }),
        new("metadata-none", "Metadata", (1, 13), run => run.Ask("""{"Topics":[],"AllowAutoTopicCreation":false}""")),
        new("metadata-unknown", "Metadata", (4, 13), run =>
        {
            run.Ask("""{"Topics":[{"Name":"$name"}],"AllowAutoTopicCreation":false}""");
            run.Ask("""{"Topics":[{"Name":"$name"},{"Name":"$name"}],"AllowAutoTopicCreation":false}""");
        }),
        new("metadata-bad-name", "Metadata", (4, 13), run =>
        {
            run.Ask("""{"Topics":[{"Name":"a/b"}],"AllowAutoTopicCreation":false}""");
            run.Ask("""{"Topics":[{"Name":"a/b"}],"AllowAutoTopicCreation":true}""");
            run.Ask("""{"Topics":[{"Name":""}],"AllowAutoTopicCreation":true}""");
            run.Ask("""{"Topics":[{"Name":".."}],"AllowAutoTopicCreation":true}""");
        }),
        new("metadata-auto-create", "Metadata", (4, 13), run =>
        {
            run.Ask("""{"Topics":[{"Name":"$name"}],"AllowAutoTopicCreation":true}""");
        }),
        new("metadata-by-id", "Metadata", (10, 13), run =>
        {
            var id = run.CreateTopic();
            run.Ask($$"""{"Topics":[{"TopicId":"{{id}}","Name":null}],"AllowAutoTopicCreation":false}""");
            run.Ask("""{"Topics":[{"TopicId":"AAAAAAAAAAAAAAAAAAAAAQ","Name":null}],"AllowAutoTopicCreation":true}""");
            run.Ask("""{"Topics":[{"TopicId":"EjRWeJASNFZ4kBI0VniQEg","Name":null}],"AllowAutoTopicCreation":true}""");
            run.Ask($$"""{"Topics":[{"TopicId":"{{id}}","Name":"$name"}],"AllowAutoTopicCreation":false}""");
            run.Ask($$"""
                {"Topics":[{"TopicId":"{{id}}","Name":null},{"Name":"$name"}],"AllowAutoTopicCreation":false}
                """);
            run.Ask("""{"Topics":[{"Name":null}],"AllowAutoTopicCreation":false}""");
        }),
    ];
}

namespace Moldau.Client;

/// <summary>Properties of Kafka's clients that are taken and change nothing here, each with the reason.</summary>
internal static class UnusedRows
{
    private const string Classes = "it names a Java class; the API takes an object: ";
    private const string Jvm = "it is about Java's own encryption";
    private const string Kerberos = "GSSAPI is not offered";
    private const string Metrics = "metrics are a Meter of .NET, named Moldau.Client";
    private const string Validation = "brokers check tokens; the client does not look into them";
    private const string Assertion = "tokens are asked for by a client's id and secret; SaslOptions.TokenProvider does it another way";

    public static IEnumerable<PropertyRow> All() => [.. Common(), .. Security(), .. OfProducers(), .. OfConsumers()];

    private static IEnumerable<PropertyRow> Common() => Of(
        ("bootstrap.controllers", "the client speaks with brokers, which hand on what is for the controller"),
        ("bootstrap.resolve.timeout.ms", "names are resolved with each connection, within socket.connection.setup.timeout.ms"),
        ("client.dns.lookup", "all addresses of a name are tried, one after the other"),
        ("config.providers", "values are taken as they are; .NET's configuration has providers of its own"),
        ("enable.metrics.push", Metrics),
        ("exclude.internal.topics", "a pattern that is to leave out internal topics says so"),
        ("metric.reporters", Metrics),
        ("metrics.num.samples", Metrics),
        ("metrics.recording.level", Metrics),
        ("metrics.sample.window.ms", Metrics),
        ("metadata.cluster.check.enable", "that a broker belongs to the cluster is not checked"),
        ("metadata.max.idle.ms", "a topic is asked about as long as somebody uses it"),
        ("socket.connection.setup.timeout.max.ms", "the time to connect does not grow; the time between two attempts does"));

    private static IEnumerable<PropertyRow> Security() => Of(
        ("sasl.client.callback.handler.class", Classes + "SaslOptions.TokenProvider"),
        ("sasl.login.callback.handler.class", Classes + "SaslOptions.TokenProvider"),
        ("sasl.login.class", Classes + "SaslOptions.TokenProvider"),
        ("sasl.oauthbearer.jwt.retriever.class", Classes + "SaslOptions.TokenProvider"),
        ("sasl.oauthbearer.jwt.validator.class", Validation),
        ("sasl.kerberos.kinit.cmd", Kerberos),
        ("sasl.kerberos.min.time.before.relogin", Kerberos),
        ("sasl.kerberos.service.name", Kerberos),
        ("sasl.kerberos.ticket.renew.jitter", Kerberos),
        ("sasl.kerberos.ticket.renew.window.factor", Kerberos),
        ("sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms is for the whole request"),
        ("sasl.login.refresh.buffer.seconds", "sasl.login.refresh.window.factor alone says when a token is got anew"),
        ("sasl.login.refresh.min.period.seconds", "sasl.login.refresh.window.factor alone says when a token is got anew"),
        ("sasl.login.refresh.window.jitter", "a client has one token, so nothing has to be spread"),
        ("sasl.login.retry.backoff.max.ms", "a link that gets no token is opened again after reconnect.backoff.max.ms at most"),
        ("sasl.login.retry.backoff.ms", "a link that gets no token is opened again after reconnect.backoff.ms"),
        ("sasl.oauthbearer.allow.unverified.audience", Validation),
        ("sasl.oauthbearer.allow.unverified.issuer", Validation),
        ("sasl.oauthbearer.assertion.algorithm", Assertion),
        ("sasl.oauthbearer.assertion.claim.aud", Assertion),
        ("sasl.oauthbearer.assertion.claim.exp.seconds", Assertion),
        ("sasl.oauthbearer.assertion.claim.iss", Assertion),
        ("sasl.oauthbearer.assertion.claim.jti.include", Assertion),
        ("sasl.oauthbearer.assertion.claim.nbf.seconds", Assertion),
        ("sasl.oauthbearer.assertion.claim.sub", Assertion),
        ("sasl.oauthbearer.assertion.file", Assertion),
        ("sasl.oauthbearer.assertion.private.key.file", Assertion),
        ("sasl.oauthbearer.assertion.private.key.passphrase", Assertion),
        ("sasl.oauthbearer.assertion.template.file", Assertion),
        ("sasl.oauthbearer.clock.skew.seconds", Validation),
        ("sasl.oauthbearer.expected.audience", Validation),
        ("sasl.oauthbearer.expected.issuer", Validation),
        ("sasl.oauthbearer.jwks.endpoint.refresh.ms", Validation),
        ("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", Validation),
        ("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", Validation),
        ("sasl.oauthbearer.jwks.endpoint.url", Validation),
        ("sasl.oauthbearer.scope.claim.name", Validation),
        ("sasl.oauthbearer.sub.claim.name", Validation),
        ("security.providers", Jvm),
        ("ssl.engine.factory.class", Jvm),
        ("ssl.keymanager.algorithm", Jvm),
        ("ssl.keystore.type", "PEM, PKCS12 and JKS are told apart by what is in the file"),
        ("ssl.protocol", "ssl.enabled.protocols says which versions of TLS are used"),
        ("ssl.provider", Jvm),
        ("ssl.secure.random.implementation", Jvm),
        ("ssl.trustmanager.algorithm", Jvm),
        ("ssl.truststore.type", "PEM, PKCS12 and JKS are told apart by what is in the file"));

    private static IEnumerable<PropertyRow> OfProducers() => Of(
        ("buffer.memory.allocation.strategy", "memory of batches is taken as they grow"),
        ("interceptor.classes", Classes + "ProducerOptions.Interceptors"),
        ("key.serializer", Classes + "the topic's formats, see Topic<TKey, TValue>"),
        ("partitioner.class", Classes + "ProducerOptions.Partitioner"),
        ("partitioner.rack.aware", "records without a key go to all partitions"),
        ("transaction.two.phase.commit.enable", "the API has no prepared transactions"),
        ("value.serializer", Classes + "the topic's formats, see Topic<TKey, TValue>"));

    private static IEnumerable<PropertyRow> OfConsumers() => Of(
        ("internal.throw.on.fetch.stable.offset.unsupported", "it is internal to Java's client"),
        ("key.deserializer", Classes + "the topic's formats, see Topic<TKey, TValue>"),
        ("value.deserializer", Classes + "the topic's formats, see Topic<TKey, TValue>"));

    private static IEnumerable<PropertyRow> Of(params (string Name, string Why)[] rows) =>
        rows.Select(r => PropertyRow.Unused(r.Name, r.Why));
}

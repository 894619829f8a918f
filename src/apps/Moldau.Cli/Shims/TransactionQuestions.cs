using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary>What <c>kafka-transactions.sh</c> asks the cluster, and how it tells of what was not answered. It connects with the first
/// question.</summary>
internal sealed class TransactionQuestions(ShimContext context)
{
    private bool _isConnected;

    /// <summary>Asks; what fails is told in the script's words.</summary>
    /// <param name="failure">How the line begins that tells of a failure.</param>
    /// <param name="call">What the question is called while nobody is there to ask.</param>
    /// <param name="ask">The question.</param>
    /// <exception cref="ShimFailedException">It was not answered.</exception>
    public async Task<T> AskAsync<T>(string failure, string call, Func<AdminClient, Task<T>> ask)
    {
        try
        {
            if (!_isConnected) context.Connect(context.Arguments.Require("bootstrap-server"), call);
            _isConnected = true;
            return await ask(context.Admin).ConfigureAwait(false);
        }
        catch (MoldauException error)
        {
            throw Failed(failure, ShimErrors.TextOf(new ClientError(error.Error, error.Message)));
        }
    }

    /// <summary>The end of the script after a failure.</summary>
    public static ShimFailedException Failed(string failure, string text) =>
        new($"{failure}: {text}. Enable debug logging for additional detail.");

    /// <summary>Why producers of a partition were not described, in the words of Java's client.</summary>
    public static string ProducersText(Base.TopicPartition partition, ClientError error) => error.Code switch
    {
        ErrorCode.InvalidTopicException => $"Failed to fetch metadata for partition {partition} due to invalid topic `{partition.Topic}`",
        _ => ShimErrors.TextOf(error),
    };
}

using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Error codes of a machine's answers, that of success included, by API. Written by the machine's thread, read by
/// the publisher, which may see a slightly old state.</summary>
public sealed class RequestErrors
{
    private readonly OfApi?[] _apis = new OfApi?[ApiTable.All.Length];

    /// <summary>Calls for each API and error that has occurred.</summary>
    public void ForEach(Action<ApiKey, ErrorCode, long> take)
    {
        for (int api = 0; api < _apis.Length; api++) _apis[api]?.ForEach((ApiKey)api, take);
    }

    internal IErrorCounter Of(ApiKey api) => _apis[(int)api] ??= new OfApi();

    private sealed class OfApi : IErrorCounter
    {
        // The lowest code is -1.
        private const int First = (int)ErrorCode.UnknownServerError;

        private readonly long[] _counts = new long[(int)Enum.GetValues<ErrorCode>().Max() - First + 1];

        public void Count(short errorCode)
        {
            int index = errorCode - First;
            if ((uint)index >= (uint)_counts.Length) index = 0;
            _counts[index]++;
        }

        public void ForEach(ApiKey api, Action<ApiKey, ErrorCode, long> take)
        {
            for (int i = 0; i < _counts.Length; i++)
                if (_counts[i] > 0) take(api, (ErrorCode)(i + First), _counts[i]);
        }
    }
}

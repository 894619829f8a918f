using Moldau.Protocol;

namespace Moldau.Protocol.Tests;

public sealed class ErrorCodesTests
{
    [Fact]
    public void FromWire_KnowsEveryNumber_AndNoOther()
    {
        for (int number = short.MinValue; number <= short.MaxValue; number++)
        {
            ErrorCode code = (ErrorCode)(short)number;
            Assert.Equal(Enum.IsDefined(code) ? code : ErrorCode.UnknownServerError, ErrorCodes.FromWire((short)number));
        }
    }
}

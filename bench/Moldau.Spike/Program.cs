using System.Diagnostics;
using Moldau.Spike;

// The measurements behind docs/adr/0001 to 0003. `turns` and `sharding` print the tables; `broker` and `load` are the
// processes that `sharding` starts.
switch (args)
{
    case ["turns"]:
        Turns.Run();
        return 0;
    case ["sharding", .. string[] rest]:
        ShardingRun.Run(Process.GetCurrentProcess().MainModule!.FileName, rest);
        return 0;
    case ["broker", string shards, string writer, string directory]:
        ToyBroker.Serve(int.Parse(shards), Enum.Parse<WriterUse>(writer), directory);
        return 0;
    case ["load", .. string[] rest]:
        LoadGenerator.Run(rest);
        return 0;
    default:
        Console.Error.WriteLine("usage: spike turns | sharding DIRECTORY [ROUNDS]");
        return 2;
}

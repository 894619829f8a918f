using Moldau.Load;

// Load for a server of Kafka's protocol by this repository's client. Prints one line of JSON.
if (args is not [string mode, .. string[] rest])
{
    Console.Error.WriteLine(LoadOptions.Usage);
    return 2;
}

try
{
    LoadOptions options = new(rest);
    await (mode switch
    {
        "produce" => Workloads.ProduceAsync(options),
        "consume" => Workloads.ConsumeAsync(options),
        "e2e" => Workloads.EndToEndAsync(options),
        "delete" => Workloads.DeleteAsync(options),
        _ => throw new ArgumentException($"'{mode}' is no workload"),
    });
    return 0;
}
catch (ArgumentException error)
{
    Console.Error.WriteLine($"{error.Message}\n{LoadOptions.Usage}");
    return 2;
}
